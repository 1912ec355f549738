import Messages

/// A web page: one file, without scripts and without any reference to another, fit for printing, narrow screens and dark
/// rooms.
enum HTMLPage {
    static func page(title: LocalizableText, _ body: HTML) -> String {
        let page: HTML = """
            <!DOCTYPE html>
            <html lang="\(Language.current.code)">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>\(title)</title>
            <style>
            \(style)
            </style>
            </head>
            <body>
            <main>
            \(body)
            </main>
            </body>
            </html>

            """
        return page.markup
    }

    /// Colours have a contrast of at least 4.5 to their ground, in both schemes; what they say is said in words, too.
    private static let style: HTML = """
        :root { color-scheme: light dark; --ink: #1c2328; --quiet: #55606a; --line: #d5dbe0; --head: #f0f3f5; --paper: #fff;
          --good: #2f7d4f; --bad: #b3261e; --doubt: #7a6000; --done: #cdebd6; --open: #fde3b3; --plain: #e4e9ed; }
        @media screen and (prefers-color-scheme: dark) { :root { --ink: #e3e8ec; --quiet: #a3aeb8; --line: #38424a; --head: #20272d;
          --paper: #14181c; --good: #6fcf97; --bad: #ff8a80; --doubt: #e6c04a; --done: #1d4a2f; --open: #574212; --plain: #2b343b; } }
        body { font: 15px/1.45 system-ui, sans-serif; color: var(--ink); background: var(--paper); margin: 2rem auto; max-width: 62rem;
          padding: 0 1rem; }
        h1 { margin: .2rem 0; font-size: 1.6rem; line-height: 1.25; } h2 { font-size: 1.15rem; margin: 1.8rem 0 .5rem; }
        h3 { font-size: 1rem; margin: 1.1rem 0 .3rem; } p { margin: .4rem 0; } small, footer { color: var(--quiet); }
        table { border-collapse: collapse; width: 100%; font-size: .87em; margin: .4rem 0; }
        th, td { text-align: left; vertical-align: top; padding: .3rem .5rem; border-bottom: 1px solid var(--line); overflow-wrap: break-word; }
        thead th { background: var(--head); overflow-wrap: normal; } tbody th { font-weight: 600; min-width: 7rem; overflow-wrap: anywhere; }
        .word, .number, .option, time { white-space: nowrap; } .number { text-align: right; font-variant-numeric: tabular-nums; }
        .facts th { width: 12rem; font-weight: 400; color: var(--quiet); } .more td { color: var(--quiet); }
        .name { white-space: pre-wrap; } code { font-size: .85em; overflow-wrap: anywhere; } ul, ol { margin: .2rem 0; padding-left: 1.2rem; }
        .state { display: inline-block; margin: 0; padding: .15rem .7rem; border-radius: .8rem; background: var(--plain); font-weight: 600; }
        .state.finished { background: var(--done); } .state.unfinished, .state.rolling-back, .state.left { background: var(--open); }
        .failure, .left { border-left: 4px solid var(--bad); padding-left: 1rem; } .state.left { border: 0; padding-left: .7rem; }
        .left { border-color: var(--doubt); } .records { list-style: none; padding: 0; } .records li { padding-left: 1.2rem; text-indent: -1.2rem; }
        .added { color: var(--good); } .removed { color: var(--bad); } .changed { color: var(--doubt); }
        svg { display: block; width: 100%; min-width: 6rem; height: 14px; }
        rect.accepted { fill: var(--good); } rect.refused { fill: var(--bad); } rect.unknown { fill: var(--doubt); }
        tr.refused .word, tr.failed .word { color: var(--bad); font-weight: 600; } tr.unknown .word { color: var(--doubt); font-weight: 600; }
        .names { columns: 18rem; } footer { margin-top: 2rem; font-size: .87em; border-top: 1px solid var(--line); padding-top: .5rem; }
        @media screen and (max-width: 44rem) {
          body { margin: 1rem auto; } .cards, .cards tbody, .cards tr, .cards th, .cards td, .facts tr, .facts th, .facts td { display: block; width: auto; }
          .cards thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
          .cards tr { border: 1px solid var(--line); border-radius: .4rem; margin: .5rem 0; padding: .3rem .1rem; }
          .cards td, .cards th { border: 0; padding: .1rem .5rem; text-align: left; white-space: normal; }
          .cards td[data-label]:not([data-label=""])::before, .cards th[data-label]:not([data-label=""])::before { content: attr(data-label) ": ";
            color: var(--quiet); font-weight: 400; }
          .facts th { border: 0; padding-bottom: 0; } .picture { display: none; } }
        @page { size: A4; margin: 13mm 12mm 15mm; @bottom-right { content: counter(page) " / " counter(pages); font: 9px sans-serif; } }
        @media print { body { margin: 0; max-width: none; padding: 0; font-size: 10px; line-height: 1.35; } h1 { font-size: 16px; } h2 { margin: 12px 0 3px; font-size: 12.5px; }
          h3 { margin: 8px 0 2px; font-size: 11px; } table { margin: 2px 0; } th, td { padding: 2px 4px; } tbody th { min-width: 60px; } svg { height: 9px; print-color-adjust: exact; }
          .state, thead th { print-color-adjust: exact; } thead { display: table-header-group; } tr, li { break-inside: avoid; }
          h1, h2, h3, header { break-after: avoid; } thead, tbody tr:first-child { break-after: avoid; } p { orphans: 3; widows: 3; } }
        """
}
