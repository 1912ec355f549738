import Basics
import Testing

@Suite(.timeLimit(.minutes(5))) struct TimestampTests {
    @Test func isISO8601InUTC() throws {
        let time = Timestamp(1_425_671_113)
        #expect(time.description == "2015-03-06T19:45:13Z")
        #expect(time.day == "2015-03-06")
        #expect(try JSON.line([time]) == Array("[\"2015-03-06T19:45:13Z\"]\n".utf8))
    }

    @Test(arguments: [0, 1_425_671_113, 4_102_444_800, -1] as [Int64])
    func comesBackFromJSON(seconds: Int64) throws {
        let bytes = try JSON.document([Timestamp(seconds)])
        #expect(try JSON.decode([Timestamp].self, from: bytes) == [Timestamp(seconds)])
    }

    @Test(arguments: ["[\"yesterday\"]", "[1425671113]", "[\"2015-13-06T19:45:13Z\"]"])
    func refusesWhatIsNoTime(document: String) {
        #expect(throws: DecodingError.self) { try JSON.decode([Timestamp].self, from: Array(document.utf8)) }
    }
}
