import ServerFixtures
import Testing

@testable import ClusterLab

@Suite(.waiting, .timeLimit(.minutes(10))) struct SQLTests {
    private let database = SQLDatabase(tables: [
        "device": SQLDatabase.Table(
            columns: ["pkid", "name", "tkmodel", "tkclass"],
            rows: [
                ["1", "SEP1", "437", "1"], ["2", "SEP2", "7", "1"], ["3", "MTP_2", "110", "8"],
                ["4", "SEP10", nil, "1"],
            ]),
        "typemodel": SQLDatabase.Table(
            columns: ["enum", "name"], rows: [["437", "Cisco 7975"], ["7", "Cisco 7960"], ["110", "MTP"]]),
    ])

    private func rows(_ query: String) throws -> [[String?]] { try database.run(query).rows }

    @Test func selections() throws {
        #expect(try rows("select name from device where tkclass=1") == [["SEP1"], ["SEP2"], ["SEP10"]])
        #expect(try rows("SELECT Name FROM Device WHERE tkclass = '8' ;") == [["MTP_2"]])
        #expect(try rows("select name from device where tkmodel is null") == [["SEP10"]])
        #expect(try rows("select name from device where name like 'SEP_' and not tkmodel = 7") == [["SEP1"]])
        #expect(try rows("select name from device where name not like 'SEP%'") == [["MTP_2"]])
        #expect(
            try rows("select name from device where pkid in (2, 3) or name='SEP1'") == [["SEP1"], ["SEP2"], ["MTP_2"]])
        #expect(try rows("select skip 1 first 2 name from device order by pkid desc") == [["MTP_2"], ["SEP2"]])
        #expect(try rows("select distinct tkclass from device order by tkclass") == [["1"], ["8"]])
        #expect(try rows("select count(*) from device where tkclass<>1") == [["1"]])
        #expect(try database.run("select * from typemodel").columns == ["enum", "name"])
    }

    /// Pages of a table that does not change come from what was sorted once; others are read again each time.
    @Test func pagesOfOneQueryAreSortedOnce() throws {
        let index = AnswerIndex()
        func database(_ names: [String]) -> SQLDatabase {
            var database = SQLDatabase(tables: [
                "device": SQLDatabase.Table(columns: ["name"], rows: names.map { [$0] }),
                "processnode": SQLDatabase.Table(columns: ["name"], rows: names.map { [$0] }),
            ])
            database.unchanging = ["device"]
            database.index = index
            return database
        }
        func page(_ table: String, _ skip: Int, of names: [String]) throws -> [String?] {
            try database(names).run("select skip \(skip) first 2 name from \(table) order by name").rows.map { $0[0] }
        }
        #expect(try page("device", 0, of: ["c", "a", "b"]) == ["a", "b"])
        // That the table changes is against the rules, and shows that it is not read again.
        #expect(try page("device", 2, of: ["z"]) == ["c"])
        #expect(try database(["z"]).run("select name from device order by name").rows.count == 3)
        #expect(try database(["z"]).run("select name from device order by name desc").rows == [["z"]])
        #expect(try database(["z"]).run("select name from device").rows == [["z"]])
        #expect(try page("processnode", 0, of: ["c", "a", "b"]) == ["a", "b"])
        #expect(try page("processnode", 0, of: ["z"]) == ["z"])
    }

    @Test func joins() throws {
        let expected: [[String?]] = [["SEP1", "Cisco 7975"], ["SEP2", "Cisco 7960"]]
        #expect(
            try rows(
                "select d.name, tm.name as model from device d, typemodel tm where d.tkmodel=tm.enum and d.tkclass=1")
                == expected)
        #expect(
            try rows(
                "select d.name,t.name from device as d inner join typemodel as t on t.enum=d.tkmodel where d.tkclass=1")
                == expected)
        #expect(
            try rows(
                "select d.name,t.name from device d left outer join typemodel t on t.enum=d.tkmodel where d.pkid=4")
                == [["SEP10", nil]])
        #expect(
            try database.run("select d.name, t.name model from device d, typemodel t").columns == ["name", "model"])
    }

    @Test(arguments: [
        "", "select", "select from device", "select name device", "select name from", "select name from device where",
        "select name from device where name", "select name from device where name = ", "select name from device x y",
        "delete from device", "select name from device; drop table device", "select name from device where (name = 'x'",
        "select name from device where name = 1 2", "select first name from device", "select name, from device",
        "select ☎ from device", "select name from device order name",
    ])
    func whatIsNoQueryIsASyntaxError(query: String) {
        #expect(throws: SQLError.syntax) { try database.run(query) }
    }

    @Test func otherErrors() {
        #expect(throws: SQLError.noTable("phones")) { try database.run("select name from phones") }
        #expect(throws: SQLError.noColumn("colour")) { try database.run("select colour from device") }
        #expect(throws: SQLError.noColumn("x")) { try database.run("select name from device where x=1") }
        #expect(throws: SQLError.ambiguous("name")) { try database.run("select name from device, typemodel") }
        #expect(throws: SQLError.self) { try database.run("select name from device where name = 'x") }
    }
}
