import type { World } from './World.js'

/** For whom a service asks: its enterprise (then it acts as the service account) or a user. */
export interface Subject {
  readonly type: 'enterprise' | 'user'
  readonly id: string
}

/** The user as whom a token for `subject` acts; `undefined` if there is no such subject. */
export const actingUser = (world: World, subject: Subject): string | undefined => {
  if (subject.type === 'enterprise') return subject.id === world.enterprise ? world.serviceAccount : undefined
  return world.users.get(subject.id)?.id
}
