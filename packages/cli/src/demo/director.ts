/**
 * Plays scenes one after the other and tells each as it ends.
 */
import { AuthError } from '@tessera/core'
import type { Output } from '../output.js'
import { printable } from '../printable.js'
import { type Check, holds, type Scene, type Told } from './Scene.js'

export interface Played {
  readonly title: string
  readonly text: string
  readonly failed: ReadonlyArray<Check>
}

const TITLE = 25

const failure = (error: unknown): Told => {
  const found = AuthError.isException(error)
    ? AuthError.show.show(error.error)
    : error instanceof Error
      ? error.name
      : typeof error
  return { text: 'it failed', checks: [{ what: 'the scene', expected: 'no failure', found }] }
}

const show = (value: unknown): string => printable(typeof value === 'string' ? value : String(JSON.stringify(value)))

export const play = async <World>(
  scenes: ReadonlyArray<Scene<World>>,
  world: World,
  { line, during, reportColors: colors }: Output,
): Promise<ReadonlyArray<Played>> => {
  const played: Played[] = []
  for (const [index, { title, play: scene }] of scenes.entries()) {
    const { text, checks } = await during(title, scene(world).catch(failure))
    const failed = checks.filter((each) => !holds(each))
    const number = String(index + 1).padStart(2)
    const mark = failed.length === 0 ? colors.dim(number) : colors.red(' ✗')
    line(`${mark}  ${colors.bold(title.padEnd(TITLE))}${printable(text)}`)
    for (const { what, expected, found } of failed) {
      line(colors.red(`    ${what}: expected ${show(expected)}, found ${show(found)}`))
    }
    played.push({ title, text, failed })
  }
  return played
}
