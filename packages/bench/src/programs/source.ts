// A source alone.
import { memoryStore } from '@tessera/core'
import * as TokenSource from '@tessera/core/TokenSource'

process.exitCode = typeof TokenSource.make({ store: memoryStore() }) === 'function' ? 0 : 1
