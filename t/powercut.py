#!/usr/bin/env python3
"""powercut.py TRACE BEFORE ROOT OUT: what a loss of power may leave of a run.

TRACE is of strace -y, with the calls that change files and make them last;
BEFORE is the tree as it was at ROOT before.  Each state that the disk could be
in at any moment becomes a directory OUT/N: what was synced is there; of what
was not, none, all, all but one, or one alone, and the data of files that were
not synced is there or is not.
"""
import os
import re
import sys


class File:
    def __init__(self, data=b'', synced=True):
        self.data, self.synced = data, synced


def scan(top):
    tree = {}
    for base, dirs, files in os.walk(top):
        for name in dirs + files:
            path = os.path.join(base, name)
            rel = os.path.relpath(path, top)
            if os.path.islink(path):
                tree[rel] = ('link', os.readlink(path))
            elif os.path.isdir(path):
                tree[rel] = ('dir', None)
            else:
                with open(path, 'rb') as f:
                    tree[rel] = ('file', File(f.read()))
    return tree


def apply(tree, op):
    """One operation on names; false where it cannot be without others."""
    kind, src, dst, what = op
    up = os.path.dirname(dst)
    if up and tree.get(up, ('', 0))[0] != 'dir':
        return
    if kind == 'make':
        tree[dst] = what
    elif kind == 'rename' and src in tree:
        tree[dst] = tree.pop(src)
    elif kind == 'link' and src in tree:
        tree[dst] = tree[src]
    elif kind == 'remove':
        tree.pop(dst, None)


def choices(n):
    yield range(n)
    yield ()
    for i in range(n):
        yield [k for k in range(n) if k != i]
        yield [i]


class Disk:
    def __init__(self, before, root, out):
        self.tree, self.root, self.out = scan(before), root, out
        self.pending, self.fds, self.files = [], {}, []
        self.seen = set()

    def rel(self, directory, name=''):
        path = os.path.normpath(os.path.join(directory, name))
        if path != self.root and not path.startswith(self.root + '/'):
            return None
        return os.path.relpath(path, self.root)

    def do(self, op):
        self.pending.append(op)
        self.cut()

    def sync(self, directory=None):
        rest = []
        for op in self.pending:
            if directory is None or os.path.dirname(op[2]) == directory:
                apply(self.tree, op)
            else:
                rest.append(op)
        self.pending = rest

    def cut(self):
        for chosen in choices(len(self.pending)):
            tree = dict(self.tree)
            for i in chosen:
                apply(tree, self.pending[i])
            for lost in (False, True):
                self.materialise(tree, lost)

    def materialise(self, tree, lost):
        state = []
        for path in sorted(tree):
            kind, what = tree[path]
            if kind == 'file':
                what = b'' if lost and not what.synced else what.data
            state.append((path, kind, what))
        if repr(state) in self.seen:
            return
        self.seen.add(repr(state))
        top = os.path.join(self.out, str(len(self.seen)))
        os.mkdir(top)
        for path, kind, what in state:
            path = os.path.join(top, path)
            if kind == 'dir':
                os.mkdir(path)
            elif kind == 'link':
                os.symlink(what, path)
            else:
                with open(path, 'wb') as f:
                    f.write(what)

    def call(self, name, args, ret):
        at = re.findall(r'(?:\d+|AT_FDCWD)<([^>]*)>(?:, "((?:[^"\\]|\\.)*)")?',
                        args)
        fd = re.match(r'(\d+)<', args)
        fd = fd and fd.group(1)
        if name == 'openat' and 'O_CREAT' in args:
            path = self.rel(*at[0])
            if path is not None:
                made = File(synced=False)
                self.fds[re.match(r'\d+', ret).group()] = made
                self.files.append(made)
                self.do(('make', None, path, ('file', made)))
        elif name == 'write' and fd in self.fds:
            text = re.search(r', "((?:[^"\\]|\\.)*)"', args).group(1)
            self.fds[fd].data += text.encode().decode(
                'unicode_escape').encode('latin-1')
            self.fds[fd].synced = False
            self.cut()
        elif name == 'close':
            self.fds.pop(fd, None)
        elif name == 'fsync' and fd in self.fds:
            self.fds[fd].synced = True
        elif name == 'fsync':
            up = self.rel(at[0][0])
            self.sync('' if up == '.' else up)
        elif name == 'syncfs':
            self.sync()
            for f in self.files:
                f.synced = True
        elif name == 'renameat':
            self.do(('rename', self.rel(*at[0]), self.rel(*at[1]), None))
        elif name == 'linkat':
            self.do(('link', self.rel(*at[0]), self.rel(*at[1]), None))
        elif name == 'unlinkat':
            self.do(('remove', None, self.rel(*at[0]), None))
        elif name == 'mkdirat':
            self.do(('make', None, self.rel(*at[0]), ('dir', None)))
        elif name == 'symlinkat':
            target = re.match(r'"([^"]*)"', args).group(1)
            self.do(('make', None, self.rel(*at[0]), ('link', target)))


def main():
    trace, before, root, out = sys.argv[1:]
    disk = Disk(before, root, out)
    with open(trace) as f:
        for line in f:
            m = re.match(r'(\w+)\((.*)\) += (\d.*)', line)
            if m:
                disk.call(*m.groups())
    if disk.pending:
        sys.exit('at the end, not all was synced: %s' % disk.pending)
    print(len(disk.seen))


main()
