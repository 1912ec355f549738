import Markup
import Testing

@Suite(.timeLimit(.minutes(5))) struct HTMLTests {
    let page = """
        <!DOCTYPE html PUBLIC "-//W3C//DTD HTML 4.01 Transitional//EN" "http://www.w3.org/TR/html4/loose.dtd">
        <HTML><head><title> Upload  File </title><script>if (a < b) { c("</div>"); }</script></head><body>
        <div ID="status"><b>Status</b>:&nbsp;File uploaded&#32;successfully. \u{e9}</div>
        <form NAME=up action="tftpFileUpload.do" method=POST enctype="multipart/form-data">
          <input type=hidden name="struts.token.name" value="token"><input type="hidden" name="token" value="A&amp;B">
          <input type="file" name="file"><input name="directory"><input type=submit value=Go>
          <select name="NAME"><option value="">choose<option value="tomcat-trust" selected>t<option>Phone-SAST-trust</select>
          <textarea name=DESCRIPTION>a  b</textarea>
        </form>
        <table id=list><tr><th>Certificate<th>File<tbody><tr><td>tomcat<td><a href="d.do?a=1&amp;b=2">tomcat.pem</a>
        <table><tr><td>inner</td></tr></table></tr></table>
        <p>unclosed
        """

    @Test func formsAreTakenApart() throws {
        let form = try #require(try HTMLDocument(page).forms.first)
        #expect(form.action == "tftpFileUpload.do")
        #expect(form.method == "post")
        #expect(form.name == "up")
        #expect(form.isMultipart)
        #expect(form.hidden.map(\.name) == ["struts.token.name", "token"])
        #expect(form.field("token")?.value == "A&B")
        #expect(form.field("file")?.type == "file")
        #expect(form.field("directory")?.type == "text")
        #expect(form.field("NAME")?.options == ["", "tomcat-trust", "Phone-SAST-trust"])
        #expect(form.field("NAME")?.value == "tomcat-trust")
        #expect(form.field("DESCRIPTION")?.value == "a  b")
    }

    @Test func tablesAreTakenApart() throws {
        let tables = try HTMLDocument(page).tables
        #expect(tables.count == 2)
        #expect(tables[0].id == "list")
        #expect(tables[0].rows.count == 2)
        #expect(tables[0].rows[0].map(\.text) == ["Certificate", "File"])
        #expect(tables[0].rows[0].map(\.isHeader) == [true, true])
        #expect(tables[0].rows[1][0].text == "tomcat")
        #expect(tables[0].rows[1][1].links.map(\.target) == ["d.do?a=1&b=2"])
        #expect(tables[1].rows.map { $0.map(\.text) } == [["inner"]])
    }

    @Test func elementsAreFound() throws {
        let document = try HTMLDocument(page)
        #expect(document.title == "Upload File")
        #expect(document.element(id: "status")?.text == "Status: File uploaded successfully. \u{e9}")
        #expect(document.elements("input", attribute: "type", value: "hidden").count == 2)
        #expect(document.elements("input", attribute: "value").count == 3)
        #expect(!document.text.contains("c("))
        #expect(document.text.contains("unclosed"))
    }

    @Test func limits() {
        #expect(throws: MarkupError.self) { try HTMLDocument("") }
        let long = #expect(throws: MarkupError.self) { try HTMLDocument([1, 2, 3], maximumSize: 2) }
        #expect(long?.code == .tooLarge)
        let deep = #expect(throws: MarkupError.self) { try HTMLDocument(String(repeating: "<div>", count: 5000)) }
        #expect(deep?.code == .tooDeep || deep?.code == .malformed)
    }

    @Test func junkIsReadWithoutComplaint() throws {
        _ = try HTMLDocument([0xFF, 0xFE, 0x3C, 0x61])
        _ = try HTMLDocument("<table><tr><td><form><select name=a></table>&#xFFFFFF;&bogus;<")
    }
}
