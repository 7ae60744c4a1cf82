// Arithmetic and wording that several modules share, as numpy and Python have them.

// The sum in numpy's order (pairwise, eight running sums), so that long trainings agree with it.
export function sum(values, from = 0, count = values.length) {
  if (count < 8) {
    let total = 0;
    for (let i = from; i < from + count; i++) total += values[i];
    return total;
  }
  if (count > 128) {
    const half = Math.floor(count / 16) * 8;
    return sum(values, from, half) + sum(values, from + half, count - half);
  }
  const part = values.slice(from, from + 8);
  const whole = count - (count % 8);
  for (let i = 8; i < whole; i++) part[i % 8] += values[from + i];
  let total = part[0] + part[1] + (part[2] + part[3]) + (part[4] + part[5] + (part[6] + part[7]));
  for (let i = whole; i < count; i++) total += values[from + i];
  return total;
}

export function mean(values) {
  return sum(values) / values.length;
}

// Sample variance, divisor n - 1.
export function variance(values) {
  const center = mean(values);
  return sum(values.map((value) => (value - center) ** 2)) / (values.length - 1);
}

// Standard error of the sample variance, from fourth moments.
export function varianceError(values) {
  const count = values.length,
    center = mean(values),
    square = variance(values);
  const fourth = mean(values.map((value) => (value - center) ** 4));
  return Math.sqrt(Math.max((fourth - (square ** 2 * (count - 3)) / (count - 1)) / count, 0));
}

export function range(start, stop, step = 1) {
  const numbers = [];
  for (let number = start; number < stop; number += step) numbers.push(number);
  return numbers;
}

// Positions of the values in ascending order, equal ones in their order. By insertion: groups are
// small.
export function ascending(values) {
  const places = [];
  for (let i = 0; i < values.length; i++) {
    let j = i;
    for (; j > 0 && values[places[j - 1]] > values[i]; j--) places[j] = places[j - 1];
    places[j] = i;
  }
  return places;
}

export function clamp(value, low, high) {
  return Math.min(Math.max(value, low), high);
}

// A number with so many decimals as Python's f"{x:.3f}" writes it: exact ties go to the even digit.
export function fixed(value, digits = 3) {
  const doubled = value * 2 * 10 ** digits;
  const tie = Number.isInteger(value * 2 ** (digits + 1)) && Math.abs(doubled % 2) === 1;
  if (!tie) return value.toFixed(digits);
  const even = 2 * Math.round(doubled / 4);
  return (even / 10 ** digits).toFixed(digits);
}

// With a true minus sign, for reading; never "-0.000".
export function shown(value, digits = 3) {
  const text = fixed(value, digits);
  if (Number(text) === 0) return text.replace("-", "");
  return text.replace("-", "\u2212");
}

// A share in whole percent.
export function percent(share) {
  return `${fixed(100 * share, 0)}%`;
}

// "a", "a and b", "a, b and c".
export function listed(words) {
  if (words.length < 2) return words.join("");
  return `${words.slice(0, -1).join(", ")} and ${words[words.length - 1]}`;
}
