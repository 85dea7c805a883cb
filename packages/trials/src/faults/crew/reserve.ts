import type { Member } from './Member.js'

/** Processes that are started ahead of their use, so many in all. */
export interface Reserve {
  readonly take: () => Promise<Member>
}

/** Keeps up to `ahead` processes started or starting: more at once would only be slower. */
export const makeReserve = (ahead: number, inAll: number, start: () => Promise<Member>): Reserve => {
  const started: Array<Promise<Member>> = []
  const waiting: Array<(member: Promise<Member>) => void> = []
  let left = inAll
  let running = 0
  const fill = (): void => {
    while (running + started.length < ahead && left > 0) {
      left--
      running++
      const member = start()
      member
        .catch(() => undefined)
        .finally(() => {
          running--
          const first = waiting.shift()
          if (first === undefined) started.push(member)
          else first(member)
          fill()
        })
    }
  }
  fill()
  return {
    take: () => {
      const first = started.shift()
      if (first === undefined) return new Promise((resolve) => waiting.push(resolve))
      fill()
      return first
    },
  }
}
