/*
 * The rule of docs/reliability.md as a model for Spin, which tries every order of its steps (make model): the stored state
 * ends as if each push had happened once, in the order of its time.
 *
 * Two followers cause five pushes, in every way that WeChat allows. Three instances handle three deliveries of each push, at
 * any time and in any order. A delivery may be lost, and an instance may die between any two steps.
 *
 * Assumptions:
 *  - A write of the table and its condition are one step, as DynamoDB documents it. A write that is answered is durable.
 *  - All deliveries of a push have its CreateTime. Times are whole seconds; two events may have the same one.
 *  - A user who does not follow can only follow, and at first nobody follows. The table may see any other order, because
 *    deliveries are lost and late.
 *  - An instance handles one delivery at a time, and keeps nothing that the next one needs.
 *  - WeChat may repeat a push even if it was answered. If all three deliveries are lost, the push does not count.
 *  - A tombstone does not expire while its pushes are repeated (it stays for 30 days).
 *
 * Bounds: only what another instance can notice is a step of its own. The fetch of the profile is one step with the write
 * after it, and the answer with the write before it. A write that is repeated, comes late or is answered with 500 is like a
 * delivery whose instance dies after the write. Instances are alike, so the next of them is busy only after those before it.
 * Links, own data, limits, reconcile and slow answers are not modelled.
 */
#define EVENTS 5
#ifndef DELIVERIES
#define DELIVERIES 3
#endif
#define LEFT (left[0] + left[1] + left[2] + left[3] + left[4])
#define BUSY (busy[1] + busy[2] + busy[3])

/* The conditions of follower.Store's writes. Each MUTANT breaks one thing, and Spin must find that. */
#define FOLLOWS   (table[f].at < at[e])
#define UNFOLLOWS (table[f].at < at[e] || table[f].at == at[e] && table[f].session)
#define COMPLETES (table[f].at == at[e] && table[f].session && !table[f].profile)
#define SUGGESTS  (stored[e] == 0)
#define EARLY     false /* the answer precedes the write */
#if MUTANT == 1
#undef FOLLOWS
#define FOLLOWS   (table[f].at <= at[e])
#elif MUTANT == 2
#undef UNFOLLOWS
#define UNFOLLOWS (table[f].at < at[e])
#elif MUTANT == 3
#undef COMPLETES
#define COMPLETES (!table[f].profile)
#elif MUTANT == 4
#undef SUGGESTS
#define SUGGESTS  true
#elif MUTANT == 5
#undef EARLY
#define EARLY     true
#endif

mtype = { follow, unfollow, suggest };

/* The story: first the events of follower 0, then those of follower 1, each in the order in which they happened. */
bit who[EVENTS];
mtype what[EVENTS];
byte at[EVENTS]; /* seconds, from 1 */

/* The table. A session and a profile are the time of their follow; a tombstone has only a time. */
typedef Record { byte at; byte session; byte profile };
Record table[2];
byte stored[EVENTS]; /* how often a suggestion was put */

byte left[EVENTS];   /* deliveries that have not begun */
bool busy[4];        /* by instance, from 1 */
bool made[EVENTS];   /* a write of the push was made */
bool came[EVENTS];   /* a delivery with the profile was answered */
bool begun[12];      /* by follower and time: a session began */

inline answer(profile) { assert(made[e]); came[e] = came[e] || profile }

inline write() {
	made[e] = true;
	if
	:: what[e] == follow && FOLLOWS ->
		assert(!begun[6 * f + at[e]]); begun[6 * f + at[e]] = true;
		table[f].at = at[e]; table[f].session = at[e]; table[f].profile = (fetched -> at[e] : 0)
	:: what[e] == follow && !FOLLOWS -> completing = fetched && COMPLETES
	:: what[e] == unfollow && UNFOLLOWS -> table[f].at = at[e]; table[f].session = 0; table[f].profile = 0
	:: what[e] == suggest && SUGGESTS -> stored[e]++
	:: else
	fi
}

proctype Instance() {
	byte e, f; bool fetched, completing;
end:	do
	:: atomic { LEFT > 0 && (_pid == 1 || busy[_pid - 1]) -> /* a delivery arrives */
		if :: left[0] -> e = 0 :: left[1] -> e = 1 :: left[2] -> e = 2 :: left[3] -> e = 3 :: left[4] -> e = 4 fi;
		left[e]--; busy[_pid] = true; f = who[e];
		if :: EARLY -> answer(false) :: else fi;
		if :: what[e] == follow -> fetched = true :: fetched = false fi;
		if
		:: goto over /* it is lost, or the instance dies before the write */
		:: write()
		fi;
		if
		:: !completing -> answer(fetched); goto over
		:: goto over /* dies after the write, before the answer */
		:: completing
		fi }
	   atomic {
		if :: COMPLETES -> table[f].profile = at[e] :: else fi;
		if :: answer(true) :: skip fi;
over:		busy[_pid] = false; e = 0; f = 0; fetched = false; completing = false }
	od
}

init {
	byte e, f, t, last; bool following, profile;
	atomic { /* tells the story */
		do
		:: e < EVENTS ->
			if :: f == 0 && e > EVENTS / 2 -> f = 1; t = 0; following = false :: else fi;
			who[e] = f; left[e] = DELIVERIES;
			if :: !following -> what[e] = follow :: following -> what[e] = unfollow :: following -> what[e] = suggest fi;
			if :: what[e] != suggest -> t++; following = !following :: t -> following = following ^ (what[e] != suggest) fi;
			at[e] = t; e++
		:: else -> break
		od;
		e = 0; f = 0; t = 0; following = false;
		run Instance(); run Instance(); run Instance()
	}
	d_step { LEFT + BUSY == 0 -> /* the end: each event once, in the order of its time, in one second unfollows last */
		do
		:: f < 2 ->
			e = 0; last = 0; following = false; profile = false;
			do
			:: e < EVENTS ->
				if
				:: made[e] && who[e] == f && what[e] != suggest ->
					following = (what[e] == follow && (at[e] > last || following));
					profile = came[e] || profile && at[e] == last; last = at[e]
				:: else -> assert(what[e] != suggest || stored[e] == made[e])
				fi; e++
			:: else -> break
			od;
			assert(table[f].at == last && table[f].session == (following -> last : 0));
			assert(table[f].profile == 0 || following && table[f].profile == last);
			assert(table[f].profile || !(following && profile)); f++
		:: else -> break
		od
	}
}
