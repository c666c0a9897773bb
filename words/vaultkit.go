package words

var vaultkitTexts = []entry{
	{"cli.short_vault_kit", "print a recovery kit: any 3 of 5 papers bring the vault back", "復旧キットを作る（5 枚のうち 3 枚で金庫が戻る）"},
	{"cli.help_vault_kit", `omamori vault kit [--shares 3] [--of 5] [--out DIR]

Makes PDF files to print: a sheet for you, and the shares, to be kept in different places
and by different people. Any three of five bring the accounts back (omamori vault
restore); two tell nothing. Delete the files once they are printed.

    omamori vault kit --shares 3 --of 5 --out /dev/shm`, `omamori vault kit [--shares 3] [--of 5] [--out DIR]

印刷用の PDF（自分用の控えと、分けて預ける紙）を作ります。5 枚のうちどれでも 3 枚そろえば
アカウントが戻り（omamori vault restore）、2 枚では何もわかりません。印刷したらファイルは
消してください。

    omamori vault kit --shares 3 --of 5 --out /dev/shm`},
	{"cli.flag_kit_shares", "so many shares are needed", "復元に必要な枚数"},
	{"cli.flag_kit_of", "so many shares are made", "作る枚数"},
	{"cli.flag_kit_out", "the folder for the PDF files", "PDF を置くフォルダー"},
	{"cli.short_vault_restore", "bring the vault back from a printed kit", "印刷したキットから金庫を復元する"},
	{"cli.help_vault_restore", `omamori vault restore [FILE…]

Reads the shares of a kit from photographs of their pages, from their PDF files or from
text, and asks for what is missing, line by line; a typing error is told on its line. What
it gives back becomes a new vault, or is added to the one that is there.

    omamori vault restore *.jpg
    omamori vault restore              # all by hand`, `omamori vault restore [FILE…]

キットの紙を、ページの写真、PDF、テキストから読み取ります。足りない行は 1 行ずつ尋ね、打ち間違い
はその行ですぐに知らせます。戻したものは新しい金庫になるか、今の金庫に加わります。

    omamori vault restore *.jpg
    omamori vault restore              # すべて手入力`},
	{"cli.kit_empty", "the vault is empty", "金庫が空です"},
	{"cli.kit_empty_hint", "Put the accounts in first: omamori vault import", "先にアカウントを入れてください: omamori vault import"},
	{"cli.kit_made", "the kit {kit}: any {need} of {of} shares bring {n} {n|account|accounts} back", "キット {kit}: {of} 枚のうち {need} 枚で {n} 件が戻ります"},
	{"cli.kit_no_record", "the record of the kit cannot be kept, so nobody will be told when the kit is stale: print a new kit (omamori vault kit). {path}: {error}", "キットの記録を更新できないため、キットが古くなっても知らせられません。新しいキットを印刷してください（omamori vault kit）。{path}: {error}"},
	{"cli.kit_print", "Print them, delete the files, and hand the shares out, no two to one place. Have those of an older kit burnt.", "印刷してファイルを消し、紙を別々の所に預けてください（同じ所に 2 枚置かない）。古いキットは燃やしてもらってください。"},
	{"cli.kit_links", "To be reminded, and to be told when the kit is stale, put these under links: in omamori.yaml, each with what it needs (the place, the person):", "確認の時期や、キットが古くなったことを知るには、omamori.yaml の links: に次を加え、置き場所や人を needs: に書いてください:"},
	{"cli.kit_read", "{path}: {n} {n|line|lines}; {shares} {shares|share|shares} so far", "{path}: {n} 行（これまでに {shares} 枚）"},
	{"cli.kit_type", "Type the lines as they are printed; blanks and capitals do not matter. Ctrl-C stops.", "印刷のとおりに打ち込んでください。空白や大文字・小文字は問いません。Ctrl-C で中止します。"},
	{"cli.kit_next_share", "{have} {have|share|shares} so far, {more} more needed.", "これまでに {have} 枚、あと {more} 枚必要です。"},
	{"cli.kit_first_line", "The line S…-1 of the next share:", "次の紙の S…-1 の行:"},
	{"cli.kit_unknown", "what the kit gives back is not a vault that this omamori knows", "キットの中身が、この omamori の知らない形式です"},
	{"cli.kit_restored", "the kit {kit} of {day:date} has given back {n} {n|account|accounts}: {added} added, {there} there already, in {dir}", "キット {kit}（{day:date}）から {n} 件を復元しました（追加 {added} 件、既にあったもの {there} 件）: {dir}"},
}
