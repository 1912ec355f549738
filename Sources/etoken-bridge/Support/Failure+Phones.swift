import Phones

extension Failure {
    init(describing error: InventoryError) {
        self.init(
            Status.failed, error.what.prefix(1).uppercased() + error.what.dropFirst() + ".", code: error.code.rawValue,
            next: error.next)
    }
}
