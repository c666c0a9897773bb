package guard

import "github.com/omamori-guard/omamori/chain"

// GoalWays is how a goal can be reached, and what would take it.
type GoalWays struct {
	Name    string        `json:"name"`
	Title   string        `json:"title"`
	Verdict chain.Verdict `json:"verdict"`
	// Within is how long the goal may be out of reach, in seconds.
	Within float64 `json:"within_s"`
	// Lost is what counts as lost, Unproven what nobody has proved lately: as things
	// stand, and as was supposed.
	Lost     []string    `json:"lost"`
	Unproven []string    `json:"unproven"`
	Ways     []WayStatus `json:"ways"`
	Margin   Margin      `json:"margin"`
	// Before is the margin as things stand, nil if nothing is supposed; Falls is what
	// is there now and would not be.
	Before *Margin        `json:"margin_before,omitempty"`
	Falls  []FallenStatus `json:"falls,omitempty"`
	// Singles, Pairs and Triples are the minimal sets of losses after which the goal
	// cannot be had back within its time. What is unproven counts as holding.
	Singles []string   `json:"single_points_of_failure"`
	Pairs   [][]string `json:"pairs"`
	Triples [][]string `json:"triples"`
	// CompleteTo is up to how many losses these are all there are: 3, or less if
	// finding or listing them was too much.
	CompleteTo int `json:"complete_to"`
	// Stops lists what alone only stops the goal until it is mended, in time.
	Stops []StopStatus `json:"stops"`
	// Back is nil where there is no way back.
	Back *PlanStatus `json:"way_back"`
	// Weights say how much rests on what, the heaviest first.
	Weights []WeightStatus `json:"weights"`
	// Next is the one thing that raises the margin most, nil if nothing known does.
	Next *NextStep `json:"next"`
	// Ahead is what becomes of it as things end on days that are known, if nobody renews
	// them; nothing where something is supposed.
	Ahead []AheadStatus `json:"ahead,omitempty"`
	// Names explains every name above.
	Names map[string]NameStatus `json:"names"`
}

// NameStatus is what a name stands for.
type NameStatus struct {
	Title string `json:"title"`
	// What is "thing", "link" or "goal".
	What string `json:"what"`
	// State is a verdict of a link or goal, or "out" if it was proved, but what it needs
	// is lost; of a thing "there", "given", "absent" or "lost". What was supposed is in
	// it.
	State string `json:"state"`
}

// FallenStatus is a link or goal that would be lost.
type FallenStatus struct {
	Name string `json:"name"`
	// Because is the reason, empty if it is only that Needs are lost.
	Because string   `json:"because,omitempty"`
	Needs   []string `json:"needs,omitempty"`
}

// WayStatus is one way of a goal.
type WayStatus struct {
	Name    string        `json:"name"`
	Verdict chain.Verdict `json:"verdict"`
	Links   []string      `json:"links"`
	// RestsOn lists the links and things below, nearest first.
	RestsOn []string `json:"rests_on"`
	// Without lists what of that is lost.
	Without []string `json:"without"`
}

// StopStatus is what stops a goal, and for how long.
type StopStatus struct {
	Name    string  `json:"name"`
	Seconds float64 `json:"back_in_s"`
}

// PlanStatus is the fastest way back.
type PlanStatus struct {
	Seconds float64      `json:"seconds"`
	Steps   []StepStatus `json:"steps"`
	// Way is the way that is open after the last step, Uses what all of it rests on
	// as it is.
	Way  string   `json:"way,omitempty"`
	Uses []string `json:"uses"`
}

// StepStatus is one mend of a plan.
type StepStatus struct {
	Mend    string   `json:"mend"`
	Title   string   `json:"title,omitempty"`
	For     string   `json:"for"`
	Needs   []string `json:"needs,omitempty"`
	By      string   `json:"by"` // "person" or "machine"
	FromS   float64  `json:"from_s"`
	ToS     float64  `json:"to_s"`
	Service string   `json:"service,omitempty"` // that hands start, for a machine's step
}

// WeightStatus is how much rests on one link or thing.
type WeightStatus struct {
	Name   string  `json:"name"`
	Cuts   int     `json:"cuts"`
	Weight float64 `json:"weight"`
}

// ModelStatus is the whole chain, to be drawn.
type ModelStatus struct {
	Things []ModelNode `json:"things"`
	Links  []ModelNode `json:"links"`
	Goals  []ModelNode `json:"goals"`
	Mends  []ModelMend `json:"mends"`
}

// ModelNode is a thing, link or goal with what it needs.
type ModelNode struct {
	Name  string   `json:"name"`
	Title string   `json:"title"`
	State string   `json:"state"` // as in NameStatus
	Needs []string `json:"needs,omitempty"`
	// Ways are those of a goal.
	Ways []WayLinks `json:"ways,omitempty"`
}

// WayLinks is a way of a goal, as it is configured.
type WayLinks struct {
	Name  string   `json:"name"`
	Links []string `json:"links"`
}

// ModelMend is a mend.
type ModelMend struct {
	Name    string   `json:"name"`
	Title   string   `json:"title"`
	For     string   `json:"for"`
	Needs   []string `json:"needs,omitempty"`
	Seconds float64  `json:"takes_s"`
	By      string   `json:"by"`
}
