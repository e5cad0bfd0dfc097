// How the tables and their indexes are described: as CreateTable and CloudFormation both take it.

export function keySchema(hash: string, range: string) {
  return [
    { AttributeName: hash, KeyType: 'HASH' as const },
    { AttributeName: range, KeyType: 'RANGE' as const },
  ];
}

/** @param attributes that the index has beside the keys */
export function index(IndexName: string, hash: string, range: string, attributes: readonly string[] = []) {
  const Projection =
    attributes.length === 0
      ? { ProjectionType: 'KEYS_ONLY' as const }
      : { ProjectionType: 'INCLUDE' as const, NonKeyAttributes: [...attributes] };
  return { IndexName, KeySchema: keySchema(hash, range), Projection };
}

/** All keys are texts. */
export function textKeys(names: readonly string[]) {
  return names.map((AttributeName) => ({ AttributeName, AttributeType: 'S' as const }));
}
