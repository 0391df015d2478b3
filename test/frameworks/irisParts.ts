// Writes the training and validation parts of iris that Loss Lab uses for seeds 0…19 as JSON, for iris_torch.py:
//   npx tsx test/frameworks/irisParts.ts | .venv/bin/python test/frameworks/iris_torch.py > test/fixtures/iris-torch.json
import { irisRun, irisSeeds } from '../trainer/iris.ts';

const runs = irisSeeds.map((seed) => {
  const { dataset, experiment } = irisRun(seed);
  const part = ({
    rows,
    features,
    targets,
  }: {
    rows: number;
    features: ArrayLike<number>;
    targets: ArrayLike<number>;
  }) => ({
    rows,
    features: Array.from(features),
    targets: Array.from(targets),
  });
  if (dataset.validation === undefined) throw new Error('iris has a validation part');
  const { model, training, optimizer } = experiment;
  return {
    seed,
    model,
    training,
    optimizer,
    training_part: part(dataset.training),
    validation_part: part(dataset.validation),
  };
});
process.stdout.write(JSON.stringify(runs));
