/**
 * Takes a member out of a list that serves as a set.
 *
 * Of what comes and goes with each renewal, a `Set` would be dear. V8 makes its table anew when it gets smaller, and each table keeps the
 * next one: one that is dead in the old generation keeps the garbage of all renewals that follow, until the next full collection.
 */
export const remove = <A>(list: Array<A>, member: A): void => {
  const at = list.indexOf(member)
  if (at >= 0) list.splice(at, 1)
}
