//! How often does a healthy rollout alarm when one looks 50 times, and how soon is a sick one noticed?
//!
//! Runs every method of `phasegate-sla` at nominal 5 % beside fixed-sample tests and Kayenta's rule, with
//! fixed seeds, and prints three tables:
//!
//! ```text
//! cargo run --release -p phasegate-examples --example false_alarms
//! ```

mod latency;
mod rates;
mod splits;

use phasegate_sla::statistics::Alpha;

/// Samples that each arm gets between two looks.
const PER_LOOK: usize = 100;
/// Looks at a rollout.
const LOOKS: usize = 50;
/// Rollouts simulated for each cell.
const RUNS: u64 = 200;

/// A list of methods, or why one of them cannot be made.
type Methods = Result<Vec<Method>, Box<dyn std::error::Error>>;
type Outcome = Result<bool, Box<dyn std::error::Error>>;
/// Its name, whether it is to alarm in at most 5 % of healthy rollouts however often one looks, and whether it
/// alarms on the samples so far (canary, control).
type Method = (&'static str, bool, Box<dyn Fn(&[f64], &[f64]) -> Outcome>);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let alpha = Alpha::new(0.05)?;
    println!("errors: share of rollouts that alarm, and median samples an arm until they do");
    table(
        &rates::methods(alpha)?,
        &[
            ("1%=1%", [0.01, 0.01]),
            ("1->2%", [0.02, 0.01]),
            ("1->5%", [0.05, 0.01]),
        ],
        |noise, rate| f64::from(u8::from(noise.uniform() < rate)),
    )?;
    println!("\nlatency (log-normal, 200 ms, sigma 0.5):");
    table(
        &latency::methods(alpha)?,
        &[
            ("same", [1.0, 1.0]),
            ("+10%", [1.1, 1.0]),
            ("+25%", [1.25, 1.0]),
        ],
        |noise, factor| 200.0 * factor * (0.5 * noise.normal()).exp(),
    )?;
    println!("\nsplit of traffic (requests of both arms):");
    table(
        &splits::methods(alpha)?,
        &[
            ("50%=50%", [0.5, 0.5]),
            ("50->52%", [0.52, 0.5]),
            ("50->55%", [0.55, 0.5]),
        ],
        |noise, share| f64::from(u8::from(noise.uniform() < share)),
    )
}

/// Prints a row for each method and a column for each case; the first case is the healthy one.
fn table(
    methods: &[Method],
    cases: &[(&str, [f64; 2])],
    draw: impl Fn(&mut Noise, f64) -> f64,
) -> Result<(), Box<dyn std::error::Error>> {
    print!("{:<40}", "method");
    for (name, _) in cases {
        print!("{name:>18}");
    }
    println!();
    for (name, is_valid, alarms) in methods {
        print!("{name:<40}");
        for (place, (_, [canary, control])) in cases.iter().enumerate() {
            let mut first_alarms = Vec::new();
            for seed in 0..RUNS {
                let mut noise = Noise(seed * 7_919 + place as u64);
                let (mut x, mut y) = (Vec::new(), Vec::new());
                for _ in 0..LOOKS {
                    x.extend((0..PER_LOOK).map(|_| draw(&mut noise, *canary)));
                    y.extend((0..PER_LOOK).map(|_| draw(&mut noise, *control)));
                    if alarms(&x, &y)? {
                        first_alarms.push(x.len());
                        break;
                    }
                }
            }
            let share = first_alarms.len() as f64 / RUNS as f64;
            first_alarms.sort_unstable();
            match first_alarms.get(first_alarms.len() / 2) {
                Some(median) if place > 0 => print!("{:>18}", format!("{share:.3} @ {median}")),
                _ => print!("{share:>18.3}"),
            }
            assert!(
                place > 0 || !is_valid || share <= 0.05,
                "{name} alarms in {share}"
            );
        }
        println!();
    }
    Ok(())
}

/// `SplitMix64`, so that the tables never change.
struct Noise(u64);

impl Noise {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / 9_007_199_254_740_992.0
    }

    fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.uniform()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.uniform()).cos()
    }
}
