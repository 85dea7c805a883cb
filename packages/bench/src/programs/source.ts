// A source alone.
import { memoryStore } from '@tessera/core'
import * as TokenSource from '@tessera/core/TokenSource'

export const open = TokenSource.make({ store: memoryStore() })
