// tools/deep mutate: runs every parser and every command that takes a file on changed inputs, each target in a process of
// its own. A trap, more than five seconds for an input, more than 500 MB, or a control character on the terminal is a
// fault; the input of it is kept.
//
//   mutate --count N --seed S [--only NAME] --corpus FOLDER --programs FOLDER --keep FOLDER
#if DEBUG
    import Basics
    import Glibc

    let arguments = CommandLine.arguments

    func option(_ name: String) -> String? {
        arguments.firstIndex(of: name).flatMap { $0 + 1 < arguments.count ? arguments[$0 + 1] : nil }
    }

    func fail(_ text: String) -> Never {
        print("mutate: \(text)")
        exit(64)
    }

    guard let corpus = option("--corpus"), let programs = option("--programs"), let keep = option("--keep"),
        let count = Int(option("--count") ?? "100000"), let seed = UInt64(option("--seed") ?? "1")
    else { fail("see tools/deep --help") }

    if let name = option("--worker") {
        guard let folder = option("--folder"), let from = Int(option("--from") ?? ""),
            let to = Int(option("--to") ?? "")
        else { fail("incomplete") }
        try Worker(folder: folder, corpus: corpus, programs: programs, seed: seed).run(name, from, to)
        exit(0)
    }
    exit(
        try Campaign(count: count, seed: seed, only: option("--only"), corpus: corpus, programs: programs, keep: keep)
            .run() ? 0 : 1)
#else
    import Glibc

    print("mutate: it is built for debugging only; use tools/deep mutate")
    exit(64)
#endif
