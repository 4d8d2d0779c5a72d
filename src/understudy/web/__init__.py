"""The local page (`understudy serve`): inspect a file, learn from pairs, see what a platform makes of a picture.

    serving      the command: a socket, a browser, Ctrl-C
    app          routes and templates; thin
    guard        who may ask at all: host, secret, origin, sizes
    uploads      what a browser sends, into a private folder under names of our own
    jobs         the queue, the worker processes, results while they are kept
    tasks        what a worker does: one library call each, then it writes files
    archive      a zip of pairs, read with limits
    comparison   a picture beside what platforms make of it, in figures
    chooser      the shipped profiles, by platform and era, in words

Whatever reads a stranger's bytes runs in a worker process with bounded memory and time; the server only moves files.
"""
