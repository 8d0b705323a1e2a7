/*
 * The p2 object: declarations, the queue of steps, events, roles, includes.
 *
 * A policy declares steps; loop() takes them off the queue one at a time.  A
 * step ends by finish(), at once or after a promise; nothing recurses by step.
 * What acts on the host is native (lib/policy), and so is what tells the user.
 *
 * The files of this directory are one function of native and global: they
 * share what is declared here, in the order that the Makefile gives.
 */

var CHANGED = 1, SKIPPED = 2, FAILED = 3;	/* enum outcome; 0: as wanted */
var HELD = 4, HELD_FULL = 5, AGAIN = 6;		/* see n_run() */
var LATER = {};			/* a step's result that is yet to come */
var words = ['', 'changed', 'skipped', 'failed'];

var p2 = {};
var modules = {};		/* name: its declaration function */
var selection;			/* as node() was told */
var queue;
var saved = [];			/* by pushSteps() */
var handlers = {};		/* event name: functions */
var listening = false;		/* there is a handler */
var quick = [];			/* for natives: where steps go, all, kinds */
var all = quick[1] = [];	/* steps that have no name yet */
var named = {};			/* type:title: the step, or its number */
var mentioned = {};		/* type:title: true, if a step names it */
var namers = {};		/* before or subscribe, type:title: steps */
var waiting = [];		/* steps whose changes are made together */
var late = [];			/* steps to run when the queue is empty */
var debts = null;		/* type:title: whom an earlier run owes word */
var rounds = 0;			/* a run, and each repair, is one */
var owing = false;		/* C knows who is to be told of this step */
var undone = 0;			/* steps passed over, or failed softly */
var linked = false;		/* some step names another one */
var pending = null;		/* the step that is being executed */
var drained = false;		/* the queue has run dry: nothing more is taken */
var reported = null;		/* the step, once its result has been reported */
var failure = null;		/* what ends the run */
var running = false;		/* in loop() */
var top = {file: '', dir: ''};	/* of the applied policy */
var file = '';			/* whose code is running */
var jobs = [];			/* microtasks */
var timers = [];
var timerNumber = 0;
var watching = true;		/* as watch() was told */
var times = '';			/* as window() was told */
var windowed = false;		/* it, or an option, has said something */
var held = 0;			/* > 0: nobody may write */
var shut;			/* the step at hand may change nothing: its times */

p2.facts = native.facts;
p2.heredoc = null;
