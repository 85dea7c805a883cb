import * as O from 'fp-ts/lib/Option.js'
import * as Lifecycle from '../Lifecycle.js'
import * as Secret from '../Secret.js'
import { type SessionEvent, type Snapshot, view } from './records.js'

/** What an API was last seen to accept. */
export interface Accepting {
  readonly isAccepted: (token: Secret.Secret) => boolean
  /** By a snapshot of the record, where there is one. */
  readonly accept: (token: Secret.Secret, snapshot: O.Option<Snapshot>) => void
}

/** A good token is written down only where it ends a row of refusals: once, by whoever sees it first, and nobody waits for it. */
export const makeAccepting = (write: (event: SessionEvent, snapshot: Snapshot) => Promise<unknown>): Accepting => {
  let last: Secret.Secret | undefined
  let isWriting = false
  return {
    isAccepted: (token) => last !== undefined && Secret.eq.equals(last, token),
    accept: (token, snapshot) => {
      last = token
      if (isWriting || O.isNone(snapshot)) return
      const event: SessionEvent = { _tag: 'Accepted', access: token }
      const { cell } = snapshot.value
      if (Lifecycle.step(view)(event)(cell)[1] === cell) return
      isWriting = true
      void write(event, snapshot.value).then(() => {
        isWriting = false
      })
    },
  }
}
