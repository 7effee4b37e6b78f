//! The role: which columns of which rows, and what they say.

use std::collections::BTreeSet;

use async_trait::async_trait;
use phasegate_core::{Capability, Measurement, Observed, Query};
use phasegate_provider::points::{Points, PointsText};
use phasegate_provider::{Call, MetricSource, Provider, ProviderError, file};
use phasegate_table::Table;

use crate::column::{invalid, within};
use crate::config::CsvConfig;

/// A file of comma-separated values. It is read for each question.
#[derive(Clone, Debug)]
pub struct CsvSource {
    config: CsvConfig,
}

impl CsvSource {
    /// A source over this file. It need not be there yet.
    pub fn new(config: CsvConfig) -> Self {
        Self { config }
    }

    fn table(&self, act: &str) -> Result<Table, ProviderError> {
        let text = file::read_within(&self.config.file, self.config.bytes_max, act)?;
        // What stands behind the last line's end is still being written.
        let whole = text.rfind('\n').and_then(|at| text.get(..=at));
        let Some(whole) = whole else {
            return Err(ProviderError::no_data(format!("{act}: it has no line yet")));
        };
        phasegate_table::read(whole).map_err(|error| {
            let told = format!("{}: {error}", self.config.file.display());
            invalid(&told, act).with_source(error)
        })
    }
}

impl Provider for CsvSource {
    fn capabilities(&self) -> BTreeSet<Capability> {
        BTreeSet::from([Capability::MeasureScalar, Capability::MeasureShare])
    }
}

#[async_trait]
impl MetricSource for CsvSource {
    async fn measure(&self, query: &Query, _call: &Call) -> Result<Measurement, ProviderError> {
        let act = &format!("read a table for {}", query.kpi);
        let text = PointsText::parse(&query.text, query.wants, act)?;
        let (table, window, gaps) = (self.table(act)?, query.window, self.config.gaps);
        let values = |column: &str| within(&table, column, window, act);
        let (samples, observed) = match &text {
            PointsText::Scalar { value, reduce } => {
                let (value, samples) = values(value)?.reduced(*reduce, gaps, act)?;
                (samples, Observed::Scalar { value })
            }
            PointsText::Share { matching, total } => {
                let (matching, total) = (values(matching)?, values(total)?);
                let (matching, total) = Points::share(&matching, &total, gaps, act)?;
                (total, Observed::Share { matching, total })
            }
        };
        Ok(Measurement {
            window,
            samples,
            observed,
        })
    }
}
