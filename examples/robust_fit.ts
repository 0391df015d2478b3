/**
 * A straight line through points of which one is far off, by gradient descent on the squared error.
 *
 * One outlier pulls the line away. Put the cursor on an empty line, choose the light bulb and "Insert loss
 * implementation…", take the Huber loss, and use its gradient instead: the line comes back.
 */
const xs = [0, 1, 2, 3, 4, 5];
const ys = [1, 3, 5, 7, 9, 40];

let slope = 0;
let intercept = 0;
const rate = 0.01;

for (let step = 0; step < 5000; step++) {
  let gradientSlope = 0;
  let gradientIntercept = 0;
  xs.forEach((x, i) => {
    const residual = slope * x + intercept - (ys[i] ?? 0);
    gradientSlope += (2 / xs.length) * residual * x;
    gradientIntercept += (2 / xs.length) * residual;
  });
  slope -= rate * gradientSlope;
  intercept -= rate * gradientIntercept;
}

console.log(`y = ${slope.toFixed(2)} x + ${intercept.toFixed(2)}`);
