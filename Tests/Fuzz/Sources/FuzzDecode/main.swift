import FuzzDriver
import FuzzTargets
import Glibc

exit(
    fuzz { start, count in
        FuzzTargets.decode(Array(UnsafeBufferPointer(start: start, count: count)))
        return 0
    })
