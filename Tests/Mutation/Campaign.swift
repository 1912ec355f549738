#if DEBUG
    import Basics
    import Glibc
    import Synchronization

    /// How long an input may take, in seconds, and how much memory, in kB.
    private let longestAllowed = 5.0, largestAllowed = 500 << 10

    /// Runs inputs of one target, and notes in a file which one: its parent sees which input ended it.
    struct Worker {
        let folder, corpus, programs: String
        let seed: UInt64

        func run(_ name: String, _ from: Int, _ to: Int) throws {
            guard let target = try Target.all(folder, corpus: corpus).first(where: { $0.name == name }),
                !target.seeds.isEmpty
            else { fail("there is no \(name)") }
            let descriptor = open("\(folder)/progress", O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
            var (longest, raw, slow) = (0.0, 0, 0)
            for index in from..<to {
                var mutator = Mutator(seed: seed, target: name, index: index)
                let input = mutator.input(from: target.seeds)
                var number = Int64(index)
                pwrite(descriptor, &number, 8, 0)
                // A parser that does not return is ended by the signal.
                if target.command == nil { alarm(20) }
                let start = ContinuousClock.now
                if let command = target.command {
                    if try program(command, input) { raw += 1 }
                } else {
                    target.run(input)
                }
                let seconds = (ContinuousClock.now - start) / .seconds(1)
                longest = max(longest, seconds)
                if seconds > longestAllowed { slow += 1 }
            }
            alarm(0)
            print("done \(longest) \(Self.largest(target.command != nil)) \(raw) \(slow)")
        }

        private static func largest(_ ofPrograms: Bool) -> Int {
            var usage = rusage()
            getrusage((ofPrograms ? RUSAGE_CHILDREN : RUSAGE_SELF).rawValue, &usage)
            return usage.ru_maxrss
        }

        /// Runs a program on an input. A signal ends this process as it ended that one.
        ///
        /// - Returns: whether it printed a control character.
        private func program(_ command: [String], _ input: [UInt8]) throws -> Bool {
            var words = command
            var place = "\(folder)/file"
            if let last = words.last, last.hasPrefix("{=}") {
                place = String(last.dropFirst(3))
                words.removeLast()
                if let slash = place.lastIndex(of: "/") { try Files.makeFolder(String(place[..<slash])) }
            }
            try Files.write(input, to: place, replacing: true)
            words = words.map { $0 == "{}" ? place : $0 }
            words[0] = "\(programs)/\(words[0])"
            let output = "\(folder)/output"
            try Files.remove(output)
            let process = try Subprocess(
                ["timeout", "-s", "ALRM", "20"] + words,
                environment: [
                    "PATH": "/usr/bin:/bin", "HOME": folder, "XDG_STATE_HOME": "\(folder)/state",
                    "XDG_CONFIG_HOME": "\(folder)/config", "LC_ALL": "C.UTF-8", "SWIFT_BACKTRACE": "enable=no",
                ], input: .null, output: .file(output), errors: nil)
            let ending = process.wait()
            // As timeout(1) reports it: 124 for too long, 128 and the number for a signal.
            switch ending {
            case .signal(let number): kill(getpid(), number)
            case .status(124): kill(getpid(), SIGALRM)
            case .status(let status) where status > 128 && status < 160 && status != 130: kill(getpid(), status - 128)
            case .status: break
            }
            let printed = String(decoding: try Files.read(output, limit: 1 << 28), as: UTF8.self)
            return printed.unicodeScalars.contains { scalar in
                (scalar.properties.generalCategory == .control && scalar != "\n" && scalar != "\t")
                    || ("\u{202A}"..."\u{202E}").contains(scalar) || ("\u{2066}"..."\u{2069}").contains(scalar)
            }
        }
    }

    /// All targets, one after another, and a table.
    struct Campaign {
        let count: Int
        let seed: UInt64
        let only: String?
        let corpus, programs, keep: String

        private struct Result {
            var inputs = 0, crashes = 0, hangs = 0, raw = 0, slow = 0, largest = 0
            var longest = 0.0
        }

        /// - Returns: whether no input was a fault. Control characters are counted only.
        func run() throws -> Bool {
            let folder = "\(keep)/work"
            try Files.makeFolder(folder)
            defer { try? Files.removeTree(folder) }
            let all = try Target.all(folder, corpus: corpus).filter { only == nil || $0.name.contains(only ?? "") }
            let shares = all.reduce(0) { $0 + $1.share }
            Self.row("PARSER OR COMMAND", "INPUTS", "TRAPS", "HANGS", "LONGEST", "LARGEST", "RAW")
            var (total, isGood) = (0, true)
            for target in all {
                let result = try run(target, max(1, (count * target.share + shares - 1) / shares), folder)
                total += result.inputs
                isGood =
                    isGood && result.crashes == 0 && result.hangs + result.slow == 0 && result.largest <= largestAllowed
                Self.row(
                    target.name, "\(result.inputs)", "\(result.crashes)", "\(result.hangs + result.slow)",
                    "\(Double(Int(clamped: result.longest * 1000)) / 1000) s", "\(result.largest >> 10) MB",
                    "\(result.raw)")
            }
            print(
                "\(total) inputs, seed \(seed): \(isGood ? "no trap, no hang, no more than 500 MB" : "faults; their inputs are in \(keep)")"
            )
            return isGood
        }

        private static func row(_ cells: String...) {
            let widths = [44, 8, 7, 7, 10, 9, 6]
            print(zip(cells, widths).map { $0 + String(repeating: " ", count: max(1, $1 - $0.count)) }.joined())
            fflush(nil)
        }

        private func run(_ target: Target, _ count: Int, _ folder: String) throws -> Result {
            var result = Result()
            var from = 0
            while from < count {
                let (progress, output) = ("\(folder)/progress", "\(folder)/said")
                try Files.remove(progress)
                try Files.remove(output)
                let worker = try Subprocess(
                    [
                        arguments[0], "--worker", target.name, "--from", "\(from)", "--to", "\(count)", "--folder",
                        folder,
                        "--corpus", corpus, "--programs", programs, "--keep", keep, "--seed", "\(seed)",
                    ], input: .null, output: .file(output), errors: .null)
                let ending = worker.wait()
                let words = String(decoding: (try? Files.read(output)) ?? [], as: UTF8.self).split {
                    $0 == " " || $0 == "\n"
                }
                if ending == .status(0), words.count == 5, words[0] == "done" {
                    result.longest = max(result.longest, Double(words[1]) ?? 0)
                    result.largest = max(result.largest, Int(words[2]) ?? 0)
                    result.raw += Int(words[3]) ?? 0
                    result.slow += Int(words[4]) ?? 0
                    result.inputs = count
                    return result
                }
                guard let bytes = try? Files.read(progress), bytes.count == 8 else {
                    fail("the worker for \(target.name) did not start: \(ending)")
                }
                let index = Int(bytes.withUnsafeBytes { $0.loadUnaligned(as: Int64.self) })
                if ending == .signal(SIGALRM) { result.hangs += 1 } else { result.crashes += 1 }
                var mutator = Mutator(seed: seed, target: target.name, index: index)
                let name = "\(Files.name(target.name))-\(index)"
                try Files.write(mutator.input(from: target.seeds), to: "\(keep)/\(name)", replacing: true)
                print("  \(target.name), input \(index): \(ending); kept as \(keep)/\(name)")
                result.inputs = index + 1
                from = index + 1
                // A target that always fails needs no thousand processes.
                if result.crashes + result.hangs >= 50 { return result }
            }
            return result
        }
    }
#endif
