cd /tmp/wt/watch; export B=$PWD/build; bats -f "$1" t/p2-watch.bats
