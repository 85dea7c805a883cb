/** What Tessera does better than the seed, shown on both. */
import { type Id, type Law, nameOf } from '../../../src/parity/contract.js'
import { openWorld, type World } from './world.js'

/** A law, and the two that are held against it, each in a world of its own. */
export interface Sides<Subject> {
  /** Asserts by `expect`. */
  readonly law: (subject: Subject, world: World) => Promise<void>
  readonly ours: (world: World) => Promise<Subject> | Subject
  /** A model of what the seed does. */
  readonly seed: (world: World) => Promise<Subject> | Subject
}

const isAssertion = (error: unknown): error is Error =>
  error instanceof Error && (error.constructor.name === 'JestAssertionError' || 'matcherResult' in error)

/** How the law fails of a side; undefined where it holds. Rejects where anything but the law is broken. */
export const judged = async <Subject>(
  { law }: Pick<Sides<Subject>, 'law'>,
  make: (world: World) => Promise<Subject> | Subject,
): Promise<Error | undefined> => {
  const world = await openWorld()
  try {
    await law(await make(world), world)
    return undefined
  } catch (error) {
    if (isAssertion(error)) return error
    throw error
  } finally {
    await world.close()
  }
}

/**
 * Tests that a law holds of Tessera and fails of the seed: a law that the seed keeps too proves no progress. That something in the
 * model broke is not a failure of the law.
 */
export const better = <Of extends Id, Subject>(id: Of, law: Law<Of>, sides: Sides<Subject>): void => {
  test(nameOf(id, law), async () => {
    const own = await judged(sides, sides.ours)
    if (own !== undefined) throw own
    expect(await judged(sides, sides.seed)).toBeDefined()
  })
}
