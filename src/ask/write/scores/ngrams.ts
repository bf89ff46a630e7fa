/** Whether a text ends with these tokens; every text ends with none. */
export function endsWith(tokenIds: readonly number[], end: readonly number[]): boolean {
  const offset = tokenIds.length - end.length;
  return offset >= 0 && end.every((id, i) => tokenIds[offset + i] === id);
}

/** The tokens that would end a text, `tokenIds`, with a run of `size` tokens that stands in `among`. */
export function bannedNext(among: readonly number[], tokenIds: readonly number[], size: number): readonly number[] {
  const start = tokenIds.length - size + 1;
  if (start < 0) return [];
  const banned: number[] = [];
  for (let i = 0; i + size <= among.length; ++i) {
    let same = 0;
    while (same < size - 1 && among[i + same] === tokenIds[start + same]) ++same;
    if (same === size - 1) banned.push(among[i + same]!);
  }
  return banned;
}
