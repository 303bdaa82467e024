"""What the committed runs say about each figure's claim, in a sentence; by the figure's name."""

FINDINGS = {
    "1": (
        "On unequal workers Rennala is surely ahead of both, most where sending costs most; on "
        "equal ones, where theory gives it nothing, all three are level, and one or two seeds of "
        "each fall"
    ),
    "2": "The curves that are judged, of the runs of figure 1",
    "3": (
        "In the long runs Rennala is surely ahead of both on Reacher, and of synchronous NIGT on "
        "Walker2d and Hopper; on Walker2d it is level with AFedPG, on Hopper not surely ahead"
    ),
    "4": (
        "In the long run, ten seeds, the best batch is M = n = 100, with which Rennala is "
        "synchronous NIGT; AFedPG with short steps is later at the thresholds and level by the area"
    ),
    "5": (
        "In the long run, ten seeds, with M = 100, Rennala is surely ahead of the synchronous "
        "method, and level with AFedPG, which discards nothing"
    ),
    "6": (
        "In the long run, ten seeds, Rennala, M = 100, is as soon at the thresholds as AFedPG, "
        "which discards next to nothing, and sooner than the synchronous method, not surely; one "
        "seed falls"
    ),
    "7": (
        "In the long run Rennala, M = 300, is sooner at the thresholds than the synchronous method "
        "and as soon as AFedPG; one of its five seeds falls at the end"
    ),
    "8": (
        "A round takes 14 s of 240, so rounds make 16 updates and AFedPG 1,700: too short "
        "to say more"
    ),
    "9": (
        "A round waits 60 s for the slow world: Malenia ends highest there, AFedPG in the fast "
        "one; on the average, ten seeds, AFedPG is ahead, not surely"
    ),
    "10": (
        "In the long runs, under cancel, Rennala is surely ahead of both with M = 30 and 50, and "
        "level with M = 20, which falls; under finish, with 6 to 9% fewer updates, it is "
        "surely ahead of the synchronous method with M = 30 and 50, and of AFedPG with none"
    ),
    "ten-worlds": (
        "These worlds want almost one policy: many gradients of the wrong world beat few "
        "of the right one"
    ),
    "heavy-tails": (
        "In the long run, ten seeds, surely ahead of the synchronous method, which waits for the "
        "worst of ten draws; first at all thresholds, but one seed falls: level with AFedPG and "
        "MindFlayer"
    ),
    "failures": (
        "In the long run, ten seeds, surely ahead of all: by far of a synchronous method that "
        "waits, less of one with a timeout, least of AFedPG"
    ),
    "crossover": "The clocks predict the time to a return at eight prices of sending to within 11%",
    "longer-worlds": (
        "Ten seeds: they end level, Malenia higher in the slow world and AFedPG in the fast one; "
        "the slow one has given 240 trajectories"
    ),
    "decay": (
        "Steps that start longer and decay make all three rise sooner and end where they did; "
        "Rennala stays surely ahead of the others, and not surely of itself"
    ),
    "baseline": (
        "Less noise lifts all three by about a hundred and brings them closer together; Rennala "
        "is first by the area, surely against the synchronous method, not surely against AFedPG"
    ),
    "network": (
        "Surely ahead with an ideal server, one port and a ring; one port slows everybody, and "
        "a ring is no use to AFedPG"
    ),
    "gallery": (
        "Plain steps along means of twenty gradients are first on the quadratics; the rule matters "
        "as much as the aggregation; the MDP tells none from the best, and on Reacher hardly any "
        "is half way up"
    ),
}
