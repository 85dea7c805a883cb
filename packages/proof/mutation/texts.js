// What is not mutated of the strings: words for people, and what the compiler holds.
import { declareValuePlugin, PluginKind } from '@stryker-mutator/api/plugin'

const PROSE = /\p{L} +\p{L}/u

/**
 * What is looked at of Babel's nodes.
 *
 * @typedef {object} Node
 * @property {string} type
 * @property {string} [value]
 * @property {ReadonlyArray<{ readonly value: { readonly raw: string } }>} [quasis]
 * @property {string} [operator]
 * @property {string} [name]
 * @property {Node} [key]
 * @property {Node} [callee]
 * @property {Node} [object]
 * @property {Node} [property]
 */

/** @param {Node} node */
const textOf = ({ type, value, quasis }) =>
  type === 'StringLiteral'
    ? value
    : type === 'TemplateLiteral'
      ? quasis?.map((quasi) => quasi.value.raw).join('')
      : undefined

/**
 * Another string there does not compile: a tag, a case, what is compared with them, a kind of secret.
 *
 * @param {Node} node
 * @param {Node} parent
 */
const isOfAType = ({ type }, parent) =>
  type === 'StringLiteral' &&
  (parent.type === 'SwitchCase' ||
    (parent.type === 'BinaryExpression' && /^[!=]==$/.test(parent.operator ?? '')) ||
    (parent.type === 'ObjectProperty' && parent.key?.name === '_tag') ||
    (parent.callee?.object?.name === 'Secret' && parent.callee.property?.name === 'make'))

export const strykerPlugins = [
  declareValuePlugin(PluginKind.Ignore, 'texts', {
    shouldIgnore: (/** @type {{ readonly node: Node, readonly parent: Node }} */ { node, parent }) => {
      const text = textOf(node)
      if (text === undefined) return undefined
      if (PROSE.test(text)) return 'Words for people'
      return isOfAType(node, parent) ? 'The compiler refuses another one' : undefined
    },
  }),
]
