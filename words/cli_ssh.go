package words

var cliSSHTexts = []entry{
	{"cli.short_ssh", "knock if need be, then log in", "必要ならノックしてからログイン"},
	{"cli.help_ssh", `omamori ssh HOST [ARGUMENT…]: ssh, through the door. It knocks only where that is
needed, renews the lease while the session lasts, and says which link failed. What
stands behind HOST is given to ssh as it is.

HOST has a door if the section doors of omamori.yaml knows it, or if the line that the
server's door install printed (omamori-door1:…) is in ~/.config/omamori/doors/HOST. To a
HOST without one it is plain ssh.

  omamori ssh server
  omamori ssh mika@server.example.jp -p 2222 uptime

For plain ssh, scp, rsync and git, in ~/.ssh/config:

  Host server
      ProxyCommand omamori connect %h %p`, `omamori ssh HOST [引数…]: 扉を通って ssh します。必要なときだけノックし、接続中はリースを
更新し、失敗したときはどの段階かを示します。HOST より後ろはそのまま ssh に渡します。

HOST の扉は omamori.yaml の doors、または ~/.config/omamori/doors/HOST に置いた行
（サーバーの door install が表示した omamori-door1:…）から探します。扉のない HOST には、
普通の ssh でつなぎます。

  omamori ssh server
  omamori ssh mika@server.example.jp -p 2222 uptime

普通の ssh・scp・rsync・git で使うには ~/.ssh/config に:

  Host server
      ProxyCommand omamori connect %h %p`},
	{"cli.short_connect", "reach a port behind a door (for ProxyCommand)", "扉の奥のポートにつなぐ（ProxyCommand 用）"},
	{"cli.help_connect", `omamori connect HOST PORT: reach a TCP port through the door of HOST, and carry bytes
between it and standard input and output. ssh runs this as its ProxyCommand; see
omamori help ssh.

  omamori connect server 22

In ~/.ssh/config:

  ProxyCommand omamori connect %h %p`, `omamori connect HOST PORT: HOST の扉を通って TCP ポートにつなぎ、標準入出力との間で
データを運びます。ssh の ProxyCommand として使います（omamori help ssh）。

  omamori connect server 22

~/.ssh/config に書く行:

  ProxyCommand omamori connect %h %p`},
}
