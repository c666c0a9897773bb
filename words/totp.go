package words

var totpTexts = []entry{
	{"totp.no_entry", "say whose codes they are: entry: as omamori vault list names it", "どのアカウントのコードかを entry: に書いてください（omamori vault list の名前）"},
	{"totp.no_device", "say what shows them: device: phone", "コードを表示する機器を device: に書いてください（例: phone）"},
	{"totp.ask", "Open the codes on {device} and type the one that it shows for {entry}.", "{device} を開き、{entry} に表示されているコードを入力してください。"},
	{"totp.person", "only a code from the device can prove this", "機器に表示されるコードでしか確認できません"},
	{"totp.person_hint", "Type one where the vault is: omamori due drill {link}", "保管庫のある端末で入力してください: omamori due drill {link}"},
	{"totp.right", "{device} shows the right code for {entry}", "{device} は {entry} の正しいコードを表示しています"},
	{"totp.right_behind", "{device} shows the right code for {entry}; its clock is one step behind, which servers allow", "{device} は {entry} の正しいコードを表示しています。時計が1ステップ遅れていますが、許容範囲です"},
	{"totp.right_ahead", "{device} shows the right code for {entry}; its clock is one step ahead, which servers allow", "{device} は {entry} の正しいコードを表示しています。時計が1ステップ進んでいますが、許容範囲です"},
	{"totp.behind", "{device} has {entry}, but its clock is {steps} steps ({apart:duration}) behind: servers refuse its codes", "{device} に {entry} はありますが、時計が {steps} ステップ（{apart:duration}）遅れているため、コードは拒否されます"},
	{"totp.ahead", "{device} has {entry}, but its clock is {steps} steps ({apart:duration}) ahead: servers refuse its codes", "{device} に {entry} はありますが、時計が {steps} ステップ（{apart:duration}）進んでいるため、コードは拒否されます"},
	{"totp.clock_hint", "Turn on automatic date and time on {device}, and see that this machine's clock is right too; then: omamori due drill {link}", "{device} の日時を自動設定にし、この端末の時計も確かめてから: omamori due drill {link}"},
	{"totp.wrong", "{device} shows no code of {entry}", "{device} に表示されたのは {entry} のコードではありません"},
	{"totp.wrong_hint", "Was it another account's code? Try again: omamori due drill {link}. Or put the account on it: omamori phone move", "別のアカウントのコードではありませんか？ もう一度: omamori due drill {link}。登録し直すには: omamori phone move"},
	{"totp.moving", "{entry} is being moved to a new {device}, which has not shown a code yet", "{entry} を新しい {device} に移している途中で、コードをまだ確認していません"},
	{"totp.moving_hint", "Go on, and keep the old one until then: omamori phone move", "続けてください。終わるまで古い方は消さないでください: omamori phone move"},
	{"totp.unchecked", "a code can be compared only where the vault is", "コードを照合できるのは、保管庫のある端末だけです"},
	{"totp.unchecked_hint", "There: omamori due drill {link}", "その端末で: omamori due drill {link}"},
}
