import * as O from 'fp-ts/lib/Option.js'
import * as Lifecycle from '../Lifecycle.js'
import * as Secret from '../Secret.js'
import { type SessionEvent, type Snapshot, view } from './snapshot.js'

/** The token that an API has accepted last. */
export interface Accepting {
  readonly isAccepted: (token: Secret.Secret) => boolean
  /** `snapshot`: the cached snapshot, if there is one. */
  readonly accept: (token: Secret.Secret, snapshot: O.Option<Snapshot>) => void
}

/** An accepted token is written only if it ends a row of refusals. No caller waits for that write. */
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
