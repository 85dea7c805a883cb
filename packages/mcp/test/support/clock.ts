import { instant } from '@tessera/core'
import { type NodeEnv, nodeEnv, systemClock } from '@tessera/node'

/** An environment whose clock can be set ahead. */
export const movable = (): { readonly env: NodeEnv; readonly pass: (ms: number) => void } => {
  let later = 0
  const clock = { ...systemClock, now: () => instant(systemClock.now() + later) }
  return {
    env: nodeEnv({ clock }),
    pass: (ms) => {
      later += ms
    },
  }
}
