import { judged } from './interleaving/judged.js'

judged('grace until use')
