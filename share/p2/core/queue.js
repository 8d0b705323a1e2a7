/*
 * The queue of steps: pieces, each an array of which those before "at" are
 * taken.  The last piece's array, where what is declared goes, is quick[0], for
 * natives put steps there, too.
 */

function newQueue() {
	var piece = {steps: [], at: 0, next: null};

	return {head: piece, tail: piece};
}

function use(q) {
	queue = q;
	quick[0] = q.tail.steps;
}

/* The piece with the next step, or null. */
function first(q) {
	while (q.head.at === q.head.steps.length && q.head.next !== null)
		q.head = q.head.next;
	return q.head.at < q.head.steps.length ? q.head : null;
}

function append(step) {
	if (!drained)
		quick[0].push(step);
}

function setAside() {
	var old = queue;

	use(newQueue());
	return old;
}

/* Put other behind what is in the queue. */
function putBehind(other) {
	if (first(other) === null)
		return;
	if (first(queue) === null)
		use(other);
	else {
		queue.tail.next = other.head;
		use({head: queue.head, tail: other.tail});
	}
}

/* What natives keep by themselves is a number until somebody needs it. */
function stepAt(steps, i) {
	if (typeof steps[i] === 'number')
		steps[i] = native.made(steps[i]);
	return steps[i];
}

/* It is done: of those that natives keep, no object is needed any more. */
function letGo(step) {
	var id;

	if (step.plain === undefined || step.state !== 1)
		return;
	id = nameOf(step);
	if (mentioned[id])
		return;
	if (named[id] === step)
		named[id] = step.plain;
	native.unmake(step.plain);
}

function take() {
	var piece = first(queue), step;

	if (piece === null)
		return null;
	step = stepAt(piece.steps, piece.at);
	piece.steps[piece.at++] = null;
	tidy(piece);
	return step;
}

/* What is taken goes, by and by; the array stays the same. */
function tidy(piece) {
	if (piece.at === piece.steps.length)
		piece.at = piece.steps.length = 0;
	else if (piece.at >= 100000 && piece.at * 2 > piece.steps.length) {
		piece.steps.splice(0, piece.at);
		piece.at = 0;
	}
}

function dropAll() {
	use(newQueue());
	late.length = 0;
	saved = [];
}

function each(q, fn) {
	var piece, i;

	for (piece = q.head; piece; piece = piece.next)
		for (i = piece.at; i < piece.steps.length; i++)
			fn(stepAt(piece.steps, i));
}

function stepsLeft() {
	return saved.concat(queue).reduce(function (sum, q) {
		var piece;

		for (piece = q.head; piece; piece = piece.next)
			sum += piece.steps.length - piece.at;
		return sum;
	}, 0);
}

/* Take a step out of wherever it waits; false if it does not. */
function pull(step) {
	var lists = saved.concat(queue), i, piece, at = late.indexOf(step);

	if (at >= 0) {
		late.splice(at, 1);
		return true;
	}
	for (i = 0; i < lists.length; i++)
		for (piece = lists[i].head; piece; piece = piece.next) {
			at = piece.steps.indexOf(step, piece.at);
			if (at < 0 && step.plain !== undefined)
				at = piece.steps.indexOf(step.plain, piece.at);
			if (at >= 0) {
				piece.steps.splice(at, 1);
				return true;
			}
		}
	return false;
}

function pushFront(step) {
	var head = queue.head;

	if (head.at > 0)
		head.steps[--head.at] = step;
	else
		queue.head = {steps: [step], at: 0, next: head};
}

use(newQueue());
