package words

// catalogue lists the areas. An area is a file of this package, named like the
// package whose texts it holds.
func catalogue() [][]entry {
	return [][]entry{
		chainTexts,
		configTexts,
		causeTexts,
		claimTexts,
		cliTexts,
		controlTexts,
		discoverTexts,
		diskTexts,
		execTexts,
		guardTexts,
		handsTexts,
		helpTexts,
		httpTexts,
		journalTexts,
		memoryTexts,
		mysqlTexts,
		notifyTexts,
		phpfpmTexts,
		probeTexts,
		processTexts,
		rescueTexts,
		runTexts,
		siteTexts,
		sshTexts,
		tcpTexts,
		tlsTexts,
		vantageTexts,
		vpnTexts,
		tunnelTexts,
		cliTunnelTexts,
		cliPairTexts,
		waysTexts,
		wordpressTexts,
	}
}
