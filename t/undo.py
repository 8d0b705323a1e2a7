#!/usr/bin/env python3
"""undo.py FIRST LAST: random policies over random trees, and then undone.

For each seed: make a tree, apply one to three random policies to it, undo them
all, and compare content, mode, owner, time, extended attributes, ACLs and
links with what they were before.  Runs in the current directory; prints what
differs, and exits 1 then.
"""
import json
import os
import random
import shutil
import stat
import subprocess
import sys

NAMES = ["a", "b", "c", "d"]
MODES = [0o600, 0o640, 0o644, 0o755, 0o4755, 0o1777, 0o2750]


def words(r):
    return "".join("%d %s\n" % (r.randrange(100), r.choice("xyz") * 8)
                   for _ in range(r.choice([0, 1, 5, 40, 9000])))


def decorate(r, path, is_dir):
    os.chown(path, r.choice([0, 0, 1, 2]), r.choice([0, 0, 1, 3]))
    os.chmod(path, r.choice(MODES) | (0o700 if is_dir else 0))
    if r.random() < 0.3:
        os.setxattr(path, "user.mark", str(r.random()).encode())
    if r.random() < 0.2:
        subprocess.run(["setfacl", "-m", "u:%d:r" % r.randrange(1, 9), path],
                       check=True)
    if is_dir and r.random() < 0.2:
        subprocess.run(["setfacl", "-d", "-m", "u:7:rwx", path], check=True)
    if not is_dir:
        os.utime(path, ns=(10 ** 18, 10 ** 18 + r.randrange(10 ** 15)))


def make(r, path, depth):
    kind = r.random()
    if kind < 0.35 and depth < 3:
        os.mkdir(path)
        for name in r.sample(NAMES, r.randrange(len(NAMES) + 1)):
            make(r, os.path.join(path, name), depth + 1)
        decorate(r, path, True)
    elif kind < 0.8:
        with open(path, "w", encoding="ascii") as f:
            f.write(words(r))
        decorate(r, path, False)
    elif kind < 0.95:
        os.symlink(r.choice(NAMES + ["nowhere", "../b"]), path)
        os.lchown(path, 0, r.choice([0, 5]))
    else:
        os.mkfifo(path, 0o620)


def seen(root):
    """All that there is below root, as {path: what}."""
    found = {}
    for top, dirs, files in os.walk(root):
        for name in [""] + dirs + files:
            path = os.path.join(top, name) if name else top
            st = os.lstat(path)
            what = [oct(st.st_mode), st.st_uid, st.st_gid]
            if stat.S_ISLNK(st.st_mode):
                what += [os.readlink(path)]
            elif stat.S_ISREG(st.st_mode):
                with open(path, "rb") as f:
                    what += [hash(f.read()), st.st_mtime_ns]
            if not stat.S_ISLNK(st.st_mode) and not stat.S_ISFIFO(st.st_mode):
                what += [(n, os.getxattr(path, n))
                         for n in sorted(os.listxattr(path))]
            found[os.path.relpath(path, root)] = what
    return found


def resource(r, root):
    path = os.path.join(root, *(r.choice(NAMES)
                                for _ in range(r.randrange(1, 4))))
    o = {"keep_orig": r.random() < 0.3, "force": r.random() < 0.7,
         "parents": r.random() < 0.5}
    if r.random() < 0.3:
        o["follow"] = False
    if r.random() < 0.3:
        o["hardlinks"] = "keep"
    kind = r.randrange(7)
    if kind == 0:
        o.update(ensure="absent", recurse=True)
        del o["parents"]
    elif kind == 1:
        o.update(ensure="link", target=r.choice(NAMES))
    elif kind == 2:
        o.update(ensure="directory", recurse=r.random() < 0.5)
    elif kind == 3:
        o.update(line=["l %d" % r.randrange(5)], remove="x")
    elif kind == 4:
        o.update(ensure="directory", source=os.path.join(root, "..", "source"),
                 purge=r.random() < 0.5)
    else:
        o.update(content=words(r))
    if o.get("ensure") not in ("absent", "link"):
        if r.random() < 0.6:
            o["mode"] = "%04o" % r.choice(MODES)
        if r.random() < 0.4:
            o["owner"] = r.choice([0, 1, 2])
        if r.random() < 0.4:
            o["group"] = r.choice([0, 1, 3])
    # A failure is not the end: what comes behind is applied all the same.
    return "p2.file(%s, %s);\n" % (json.dumps(path), json.dumps(o))


def apply(*args):
    return subprocess.run(["p2-apply", "-d", "store", *args], check=False,
                          capture_output=True, text=True)


def one(seed):
    r = random.Random(seed)
    home = os.path.abspath("seed%d" % seed)
    os.mkdir(home)
    os.chdir(home)
    os.umask(0o022)
    root = os.path.join(home, "tree")
    os.mkdir(root)
    for name in NAMES:
        make(r, os.path.join(root, name), 0)
    os.mkdir("source")
    for name in NAMES[:2]:
        make(r, os.path.join("source", name), 1)
    subprocess.run(["find", "source", "-type", "p", "-delete"], check=True)
    before = seen(root)
    for _ in range(r.randrange(1, 4)):
        for _ in range(r.randrange(1, 5)):
            with open("site.p2", "w", encoding="ascii") as f:
                f.write("".join(resource(r, root)
                                for _ in range(r.randrange(1, 4))))
            done = apply("site.p2")
            if done.returncode not in (0, 2):
                return "apply: status %d, %s" % (done.returncode, done.stderr)
    changed = seen(root) != before
    undone = apply("-u", "-a", "1")
    if undone.returncode != (0 if apply("-y", "/nowhere").returncode == 1 and
                             undone.stderr != "p2-apply: there is nothing to "
                             "undo\n" else 1):
        return "undo: status %d, %s" % (undone.returncode, undone.stderr)
    after = seen(root)
    if after != before:
        return "\n".join("%s: %s, then %s" % (p, before.get(p), after.get(p))
                         for p in sorted(set(before) | set(after))
                         if before.get(p) != after.get(p))
    check = subprocess.run(["partisci-query", "-d", "store", "check"],
                           check=False, capture_output=True, text=True)
    if check.returncode != 0:
        return check.stdout + check.stderr
    one.changed += changed
    return ""


one.changed = 0
bad = 0
start = os.getcwd()
for number in range(int(sys.argv[1]), int(sys.argv[2]) + 1):
    os.chdir(start)
    wrong = one(number)
    if wrong:
        bad += 1
        print("seed %d: %s" % (number, wrong))
    else:
        os.chdir(start)
        shutil.rmtree("seed%d" % number)
print("%d changed" % one.changed if not bad else "%d wrong" % bad)
sys.exit(1 if bad else 0)
