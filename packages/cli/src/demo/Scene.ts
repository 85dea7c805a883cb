/**
 * One scene of the tour: something happens, is told, and is checked.
 */

/** What was expected and what was found. */
export interface Check {
  readonly what: string
  readonly expected: unknown
  readonly found: unknown
}

/** A scene's line, and the checks that it stands on. */
export interface Told {
  readonly text: string
  readonly checks: ReadonlyArray<Check>
}

export interface Scene<World> {
  readonly title: string
  readonly play: (world: World) => Promise<Told>
}

export const check = <A>(what: string, expected: A, found: A): Check => ({ what, expected, found })

/** Whether a check held. */
export const holds = ({ expected, found }: Check): boolean => Object.is(expected, found)

/** A whole number with commas, as a figure of a story. */
export const figure = (count: number): string => count.toLocaleString('en-US')

/** `1 request`, `2 requests`. */
export const counted = (count: number, noun: string): string => `${figure(count)} ${noun}${count === 1 ? '' : 's'}`
