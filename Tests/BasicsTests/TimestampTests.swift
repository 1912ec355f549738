import Basics
import Glibc
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

    /// libc's calendar is the judge: the ends of months and centuries, and days before 1970.
    @Test func isTheSystemsCalendar() throws {
        for day in stride(from: -800_000 as Int64, through: 2_900_000, by: 97) {
            let seconds = day * 86400 + (day & 0xffff) * 7919 % 86400
            let time = Timestamp(seconds)
            guard seconds >= -62_167_219_200, seconds < 253_402_300_800 else { continue }
            var moment = time_t(seconds)
            var parts = tm()
            gmtime_r(&moment, &parts)
            let read = Timestamp(
                year: Int(parts.tm_year) + 1900, month: Int(parts.tm_mon) + 1, day: Int(parts.tm_mday),
                hour: Int(parts.tm_hour), minute: Int(parts.tm_min), second: Int(parts.tm_sec))
            #expect(read == time)
            #expect(Timestamp(time.description) == time, "\(time)")
        }
    }

    @Test(arguments: [
        "2015-02-29T00:00:00Z", "2015-04-31T00:00:00Z", "2015-00-01T00:00:00Z", "2015-01-00T00:00:00Z",
        "2015-01-01T24:00:00Z", "2015-01-01T00:60:00Z", "2015-01-01T00:00:60Z", "2015-01-01 00:00:00Z",
        "2015-01-01T00:00:00", "2015-01-01T00:00:00+01:00", "15-01-01T00:00:00Z", "+015-01-01T00:00:00Z", "",
    ])
    func isNoTime(text: String) { #expect(Timestamp(text) == nil) }
}
