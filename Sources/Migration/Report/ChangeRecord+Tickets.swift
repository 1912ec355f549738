import Basics
import Messages

extension ChangeRecord {
    /// The operator's references for the change, such as the ticket, followed by those of each later run that has
    /// others, as label and text. None of it is checked.
    public var tickets: [(label: LocalizableText, text: LocalizableText)] {
        var tickets: [(label: LocalizableText, text: LocalizableText)] = []
        if let text = Self.text(ticket: ticket, approver: approver) { tickets.append((localized("Ticket"), text)) }
        for run in runs where run.ticket ?? ticket != ticket || run.approver ?? approver != approver {
            guard let text = Self.text(ticket: run.ticket, approver: run.approver) else { continue }
            tickets.append((localized("Ticket of migrate \(run.purpose.rawValue), \(run.time.shown)"), text))
        }
        return tickets
    }

    private static func text(ticket: String?, approver: String?) -> LocalizableText? {
        switch (ticket, approver) {
        case (nil, nil): nil
        case (let ticket?, nil): .verbatim(ticket)
        case (nil, let approver?): localized("approved by \(approver) (as entered, not checked)")
        case (let ticket?, let approver?): localized("\(ticket), approved by \(approver) (as entered, not checked)")
        }
    }
}
