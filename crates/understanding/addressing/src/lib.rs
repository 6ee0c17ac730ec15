//! Reads the addresses people really write: provider, typos, hostile look-alikes, legacy carrier forms.
