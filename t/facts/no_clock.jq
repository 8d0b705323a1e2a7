del(.p2, .system.time, .processes.list[]?.uid)
