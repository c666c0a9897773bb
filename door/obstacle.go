package door

// Obstacle is a firewall of somebody else that may drop what our lease lets through: to
// accept a packet ends our chain alone, to drop it is final. Or it drops the knocks.
type Obstacle struct {
	// Where is the chain that drops ("ip filter INPUT"), Port what it drops: of TCP, or,
	// with Knocks, of UDP.
	Where  string `json:"where"`
	Port   uint16 `json:"port"`
	Knocks bool   `json:"knocks,omitempty"`
	// Sure says that every newcomer is dropped there; else it depends on what cannot be
	// known beforehand.
	Sure bool `json:"sure"`
	// Lines are the commands that let such packets through there, so that the door alone
	// decides. Undo takes that back.
	Lines []string `json:"lines"`
	Undo  []string `json:"undo"`
}
