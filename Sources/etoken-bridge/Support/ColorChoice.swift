import ArgumentParser

/// Whether texts have colours: on a terminal that has them and where NO_COLOR is not set, always, or never.
enum ColorChoice: String, ExpressibleByArgument, CaseIterable {
    case auto, always, never
}
