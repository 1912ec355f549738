import Testing

@testable import etoken_bridge

/// Tables on terminals that are narrower than they are.
@Suite(.timeLimit(.minutes(1))) struct TableTests {
    private static let sha1 = "9bf96bc2d1f8c8ac1d97d9089dd558a062cccfcb"

    private var table: Table {
        var table = Table("NODE", "POOL", "WHY")
        table.add("cucm-1051-a-publisher", "DRS_Remote_Site_With_A_Long_Name_041", "its TVS server does not vouch")
        table.add("cucm-1051-a-sub1", "HQ", "SHA-1 \(Self.sha1)")
        return table
    }

    @Test func aTableThatFitsIsWhole() {
        let lines = table.text(width: .max).split(separator: "\n")
        #expect(lines.count == 3 && !lines.contains { $0.contains("...") })
        #expect(lines[1].hasSuffix("its TVS server does not vouch"))
        #expect(table.text(width: 200) == table.text(width: .max))
    }

    /// Names lose their middle, and keep what tells them apart; prose and checksums lose nothing.
    @Test(arguments: [80, 90, 100]) func namesAreShortenedInTheMiddle(width: Int) {
        let text = table.text(width: width)
        let lines = text.split(separator: "\n")
        #expect(lines.allSatisfy { $0.count <= width }, "\(text)")
        #expect(text.contains("...") && text.contains("_041") && text.contains(Self.sha1), "\(text)")
        // The columns start where their heads do.
        let start = lines[0].distance(from: lines[0].startIndex, to: lines[0].firstRange(of: "WHY")!.lowerBound)
        for line in lines.dropFirst() where !line.hasPrefix(" ") {
            #expect(line.dropFirst(start - 1).first == " " && line.dropFirst(start).first != " ", "\(line)")
        }
    }

    @Test func whereNothingElseHelpsTheLastColumnGoesBelow() {
        let text = table.text(width: 40)
        #expect(text.split(separator: "\n").allSatisfy { $0.count <= 40 }, "\(text)")
        #expect(text.contains("\n    its TVS server does not vouch"), "\(text)")
    }

    /// A command is copied: it stays in one piece.
    @Test func commandsAreNotBroken() {
        var table = Table("A", "NEXT")
        let command = "etoken-bridge migrate status --cluster a-cluster-with-a-long-name --report record.html"
        table.add("x", command)
        #expect(table.text(width: 60).contains(command))
    }

    @Test func theMiddleOfANameGoes() {
        #expect("cucm-1051-a-sub1".shortenedInTheMiddle(to: 16) == "cucm-1051-a-sub1")
        #expect("cucm-1051-a-sub1".shortenedInTheMiddle(to: 11) == "cucm...sub1")
        #expect("abcdefgh".shortenedInTheMiddle(to: 3) == "abc")
    }
}
