// Package ways computes what can be had, the fastest way back, and how many losses
// a goal survives.
//
// A chain is seen as a monotone AND/OR graph. Each thing, link and goal is had by
// any of its options: a thing or link by itself, if it is not lost and all that it
// needs is had; by a mend, if all that the mend needs is had, after the time that
// it takes; a goal by any of its ways. Circles, which only mends can make, give
// nothing: what is had is the least fixpoint.
//
// # Cut sets
//
// A cut is a set of losses after which a goal cannot be had within its time. All
// questions about cuts begin with a [problem]: the part of the graph that the goal
// rests on, cleared of what is had whatever is lost and of what is not had whatever
// is left, with losses of the same effect taken together. Where mends are slow enough
// for the time to matter, a node becomes several, one for each time by which it can
// be wanted; from there on no question has times in it.
//
// The minimal cuts up to an order are computed from the bottom up in zero-suppressed
// decision diagrams (S. Minato, 1993; for fault trees A. Rauzy, 1993, and W. S. Jung,
// 2004), in which every family of sets is minimal and cut off at the order all the
// time: tens of thousands of cuts are then a few thousand nodes. The diagrams of a
// circle of mends begin with "had by nothing" and are computed again until they
// stand still, which is exactly the least fixpoint, for each set of losses.
//
// The size of the smallest cut, and cuts where diagrams grow too large, come from
// implicit hitting sets (R. M. Karp; R. Reiter, A theory of diagnosis from first
// principles, 1987): whenever a set of losses hits all plans known so far, ask for a
// plan that avoids it. That is exact for any monotone question, and a margin needs
// few plans; but it visits cuts one by one, so lists of many are left to the diagrams.
//
// All work is bounded. Where a bound is met the result says up to where it is
// complete; nothing is left out in silence.
//
// The package is pure: no I/O, no clock, no state of its own.
package ways
