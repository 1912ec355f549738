import FuzzDriver
import FuzzTargets
import Glibc

exit(
    fuzz { start, count in
        FuzzTargets.verify(Array(UnsafeBufferPointer(start: start, count: count)))
        return 0
    })
