/* The queue of steps. */

function append(step) {
	if (drained)
		return;
	if (queue.tail === null)
		queue.head = step;
	else
		queue.tail.next = step;
	queue.tail = step;
}

function setAside() {
	var old = queue;

	queue = {head: null, tail: null};
	return old;
}

/* Put other behind what is in the queue. */
function putBehind(other) {
	if (other.head === null)
		return;
	if (queue.tail === null)
		queue.head = other.head;
	else
		queue.tail.next = other.head;
	queue.tail = other.tail;
}

function take() {
	var step = queue.head;

	if (step !== null) {
		queue.head = step.next;
		if (queue.head === null)
			queue.tail = null;
		step.next = null;
	}
	return step;
}

function dropAll() {
	queue = {head: null, tail: null};
	saved = [];
}

/* Take a step out of wherever it waits; false if it does not. */
function pull(step) {
	var lists = saved.concat(queue), i, at, before;

	for (i = 0; i < lists.length; i++) {
		before = null;
		for (at = lists[i].head; at; before = at, at = at.next) {
			if (at !== step)
				continue;
			if (before === null)
				lists[i].head = at.next;
			else
				before.next = at.next;
			if (lists[i].tail === at)
				lists[i].tail = before;
			at.next = null;
			return true;
		}
	}
	return false;
}

function pushFront(step) {
	step.next = queue.head;
	queue.head = step;
	if (queue.tail === null)
		queue.tail = step;
}
